import { managersGroups } from '../../sources/sources.js';
import { targetHere } from '../../typed/shell.js';
import { exhausted, type Failure } from './failure.js';

/** Why a program did not become a connection. `{program}` is its name, `{command}` its line, `{machine}` the machine's name. */
export const execFailures: readonly Failure[] = byCode({
  EXEC_NO_PROGRAM: {
    final: true,
    problem: '{program} could not be run on this host',
    hint: 'install {program}, or check PATH: command -v {program}',
  },
  EXEC_NO_RIGHTS: {
    final: true,
    problem: 'this user may not use {program}',
    hint: `join the group of its socket (${managersGroups}) and log in again, or use sudo: sudo {command} true`,
  },
  EXEC_NO_SERVICE: {
    problem: '{program} cannot reach its service',
    hint: 'start the service; then this works too: {command} true',
  },
  EXEC_NO_MACHINE: { problem: '{program} does not know {machine}', hint: 'vmssh list shows the machines' },
  EXEC_NOT_RUNNING: { problem: '{machine} is not running', hint: 'start it, or use --wait while it starts' },
  EXEC_NO_AGENT: {
    problem: '{machine} does not run the agent that {program} needs',
    hint: 'wait while it boots, install the agent in it (incus-agent, lxd-agent), or use another route',
  },
  EXEC_NO_SHELL: {
    final: true,
    problem: '{machine} has no /bin/sh, so nothing can be started in it',
    hint: 'an image without a shell cannot be logged in to: use one that has sh and sshd',
  },
  EXEC_NO_PROCESS: {
    problem: '{machine} is at its process limit',
    hint: 'give it a higher --pids-limit; if it is full of ended processes of sshd, restart it, and make it with --init, which collects them',
  },
  EXEC_NO_SSHD: {
    final: true,
    problem: '{machine} has no sshd',
    hint: `vmssh setup --install-sshd ${targetHere}`,
  },
  EXEC_BRING_NONE: {
    final: true,
    problem: 'there is no sshd to bring into {machine}',
    hint: 'install vmssh-sshd (for x86_64 and aarch64 only); in a checkout: npm run build:sshd',
  },
  EXEC_BRING_NO_FOLDER: {
    final: true,
    problem: '{machine} takes no program in /run, /dev/shm or /tmp',
    hint: 'make it with --tmpfs=/run:exec,mode=1777',
  },
  EXEC_BRING_NO_ROOM: { problem: '{machine} has no room for an sshd (2 MB)', hint: 'free some space there' },
  EXEC_BRING_NO_TOOLS: {
    final: true,
    problem: '{machine} lacks programs that bringing an sshd needs',
    hint: 'use an image with coreutils or BusyBox',
  },
  EXEC_BRING_NO_USER: {
    final: true,
    problem: 'that user cannot log in to {machine}',
    hint: 'leave the user out',
  },
  EXEC_BRING_FAILED: {
    problem: 'the sshd that was brought into {machine} does not start',
    hint: 'look for a limit of memory, processes or seccomp there',
  },
  EXEC_NO_KEYS: {
    problem: 'sshd in {machine} has no host keys that it can read',
    hint: `vmssh setup ${targetHere}`,
  },
  EXEC_NO_RUN_DIR: {
    final: true,
    problem: 'sshd in {machine} lacks its privilege separation directory and could not create it',
    hint: 'the root of {machine} is read-only: give it a writable /run, with --tmpfs=/run when it is made',
  },
  EXEC_BAD_SSHD: {
    final: true,
    problem: 'sshd in {machine} does not start',
    hint: 'test its configuration: {command} sshd -t',
  },
  EXEC_SILENT: {
    problem: '{program} gave no SSH banner in time',
    hint: 'see whether it works: {command} true; or allow more time: --timeout, or vmssh ssh --wait',
  },
  EXEC_NO_BANNER: {
    problem: '{program} printed something other than an SSH banner',
    hint: 'see what it prints: {command} true',
  },
  EXEC_FAILED: {
    problem: '{program} ended before it gave an SSH banner',
    hint: 'see whether it works: {command} true',
  },
}).concat(exhausted);

/** Why a hop over another hypervisor failed. `{host}` is the hypervisor. A failure beyond it has the codes of its own family. */
export const viaFailures: readonly Failure[] = byCode({
  HOP_FAILED: {
    final: true,
    problem: 'ssh to {host} failed, and its own message is above',
    hint: 'it must work without vmssh: ssh {host} true',
  },
  HOP_SILENT: {
    problem: '{host} did not answer ssh in time',
    hint: 'see how far it gets: ssh -v {host} true; or allow more time: --timeout, or vmssh ssh --wait',
  },
  HOP_NO_SHELL: {
    final: true,
    problem: '{host} does not run commands the way vmssh needs',
    hint: 'its login shell must be sh, bash, dash, ksh, zsh, csh, tcsh or fish, without a forced command: ssh {host} true',
  },
  HOP_NO_TOOL: {
    final: true,
    problem: '{host} has neither vmssh nor python3, socat or ncat',
    hint: 'install one of them there: ssh {host} sudo apt-get install python3',
  },
  HOP_NO_STREAM: {
    problem:
      '{host} has neither vmssh nor python3, socat or ncat, and ssh -W failed, with its own message above',
    hint: 'install one of them there: ssh {host} sudo apt-get install python3; or allow AllowStreamLocalForwarding in its sshd_config',
  },
  HOP_NO_VMSSH: {
    final: true,
    problem: '{host} has no vmssh to find this machine with',
    hint: 'copy the executable there: ssh {host} mkdir -p .local/bin && scp vmssh {host}:.local/bin/; or type the socket: via/{host}/vsock/CID',
  },
  NO_SSH: { final: true, problem: 'ssh could not be run', hint: 'install it, or set VMSSH_SSH to its path' },
});

type Texts = Omit<Failure, 'codes'>;

function byCode(table: Readonly<Record<string, Texts>>): readonly Failure[] {
  return Object.entries(table).map(([code, failure]) => ({ codes: [code], ...failure }));
}
