import type { Failure } from './failure.js';

/** Why a hop over another hypervisor failed. `{host}` is the hypervisor. A failure beyond it has the codes of its own family. */
export const viaFailures: readonly Failure[] = [
  {
    codes: ['HOP_FAILED'],
    problem: 'ssh to {host} failed, and its own message is above',
    hint: 'it must work without vmssh: ssh {host} true',
  },
  {
    codes: ['HOP_SILENT'],
    problem: 'ssh to {host} got no answer in time',
    hint: 'see how far it comes: ssh -v {host} true; or allow more time with --timeout',
  },
  {
    codes: ['HOP_NO_SHELL'],
    problem: '{host} does not run commands as vmssh needs it',
    hint: 'its login shell must be sh, bash, dash, ksh, zsh, csh, tcsh or fish, without a forced command: ssh {host} true',
  },
  {
    codes: ['HOP_NO_TOOL'],
    problem: '{host} has neither vmssh nor python3, socat or ncat',
    hint: 'install one of them there: ssh {host} sudo apt-get install python3',
  },
  {
    codes: ['HOP_NO_STREAM'],
    problem:
      '{host} has neither vmssh nor python3, socat or ncat, and ssh -W failed, with its own message above',
    hint: 'install one of them there: ssh {host} sudo apt-get install python3; or allow AllowStreamLocalForwarding in its sshd_config',
  },
  {
    codes: ['HOP_NO_VMSSH'],
    problem: '{host} has no vmssh, and only that finds such a machine there',
    hint: 'vmssh via push {host}; or type the socket: via/{host}/vsock/CID',
  },
  {
    codes: ['NO_SSH'],
    problem: 'ssh could not be run',
    hint: 'install it, or set VMSSH_SSH to its path',
  },
];
