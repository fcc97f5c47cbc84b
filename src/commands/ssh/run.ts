import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { errorWith, exitCode, quote } from '../../base/errors.js';
import { UsageError } from '../../cli/command.js';
import { complain } from '../../cli/rows.js';
import { systemFailure } from '../../connect/failures/failure.js';
import { keepFresh } from '../../hosts/keep-fresh.js';
import { guestKeysFor } from '../../keys/guest-keys.js';
import type { Io } from '../../process/io.js';
import { otherBytes } from '../../process/non-utf8.js';
import { otherGroup } from '../../process/refusal-fix.js';
import { runProgram } from '../../process/run-program.js';
import {
  asksNothing,
  forwardsNothing,
  ownConnection,
  sshCommand,
  sshProgram,
  whyNotStarted,
} from '../../process/ssh-program.js';
import { shellCode } from '../../process/terminate.js';
import { lookUp } from '../../reach/login.js';
import type { AllMachines } from '../../sources/list-all.js';
import { mayBeUp } from '../../sources/source.js';
import { knownHostsFile, ownAccount } from '../../ssh/folder.js';
import { type SshTool, wordsOf } from '../../ssh/split-args.js';
import { shellLine, shellOf, shellQuoted } from '../../typed/shell.js';
import { asksTool } from './args.js';
import { prepare, type SshOptions, type ToolCall } from './call.js';

/** Runs the tool. Resolves to its exit code, or 128 plus the number of the signal that ended it. */
export async function runSshTool(tool: SshTool, typed: SshOptions, io: Io): Promise<number> {
  if (asksTool(tool, typed.args))
    return run([...(tool === 'ssh' ? sshProgram(io) : [tool]), ...wordsOf(typed.args.before)], io);
  const options = tool === 'ssh' && typed.args.operands.length === 0 ? await withPicked(typed, io) : typed;
  if (options === undefined) return exitCode.interrupted;
  let all: AllMachines | undefined;
  const seen = (listing: AllMachines) => {
    all = listing;
  };
  const call = await prepare(tool, options, io, (name, here) => lookUp(name, here, undefined, seen));
  if (options.print) {
    io.out(`${shellLine(call.command, shellOf(io))}\n`);
    return exitCode.ok;
  }
  await refuseOff(call, options, io);
  // ssh only makes its own folder, and only for files that it expects there. If it cannot be made, ssh reports that.
  const { makeFolder } = await import('../../files/place.js');
  await makeFolder(dirname(knownHostsFile(io.env))).catch(() => {});
  const isNew =
    tool === 'ssh' && io.terminal.stderr && call.setup !== undefined && !(await knowsKey(call, io));
  // While the tool runs: no login waits for it.
  const [code] = await Promise.all([run(call.command, io), all && keepFresh(all, io)]);
  if (code === 255) await explain(call, options, io);
  // At the first login its host key was accepted, and what came then was not.
  if (code === 255 && isNew && (await knowsKey(call, io))) {
    const problem = `if ${quote(call.named.text)} refused the login, your key is not in there`;
    await complain(problem, call.setup, io);
  }
  return code;
}

/** ssh would only say that its proxy closed the connection. It is asked again: a list may be a moment old. */
async function refuseOff({ named }: ToolCall, { args, start, waitMs }: SshOptions, io: Io): Promise<void> {
  const isLogin = ![...args.before, ...args.after].some(({ name }) => name === 'G' || name === 'O');
  if (!named.machine || mayBeUp(named.machine) || start || waitMs !== undefined || !isLogin) return;
  const [{ checkTarget }, { reachFlags }] = await Promise.all([
    import('../../checks/check-target.js'),
    import('../../cli/shared-options.js'),
  ]);
  const flags = { ...reachFlags(), until: 'resolved', user: undefined, port: undefined } as const;
  const { error } = await checkTarget(named.text, flags, io, io.interrupted());
  const hint = shellLine(['vmssh', 'ssh', '--start', named.text], shellOf(io));
  if (error) throw error.start ? errorWith(error, { hint }) : error;
}

async function withPicked(options: SshOptions, io: Io): Promise<SshOptions | undefined> {
  const [{ pickMachine }, { canPick }] = await Promise.all([
    import('../../machines/picker.js'),
    import('../../cli/terminal.js'),
  ]);
  if (options.behind || !canPick(io)) return options;
  const machine = await pickMachine(io);
  return machine && { ...options, args: { ...options.args, operands: [machine.target] } };
}

function run([program = '', ...args]: readonly string[], io: Io): Promise<number> {
  const broken = otherBytes('/proc/self/environ', Object.entries(io.env).flat() as readonly string[]);
  if (broken !== undefined) {
    const name = broken.split('=')[0] ?? '';
    throw new UsageError(
      `the environment variable ${quote(name)} holds bytes that are not UTF-8, which Node cannot pass on to ${program}`,
      `run it without: env -u ${shellQuoted(name)} ..., or use the executable, which takes any bytes: npm run build:exe`,
    );
  }
  // The terminal also sends Ctrl-C to the tool, which decides.
  io.ignoreInterrupts();
  // A signal from git, rsync or systemd is meant for the tool, which would go on without us.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const child = spawn(program, args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      const { problem, hint = systemFailure(error).hint } = whyNotStarted(program, error, io);
      reject(new UsageError(problem, hint));
    });
    child.once('exit', (code, signal) => resolve(shellCode({ code, signal })));
  });
}

/** ssh's own message is above. It takes the group of the password database; else one more login shows whether it refused a key that only root can read, or, without asking vmssh, the host key. */
async function explain(call: ToolCall, { start }: SshOptions, io: Io): Promise<void> {
  const { named, asks } = call;
  if (named.machine && !mayBeUp(named.machine) && !start) return;
  const group = asks && otherGroup(ownAccount()?.gid);
  if (group) return complain(group.problem, group.fix, io);
  const { keyFix } = await import('../../keys/login-key.js');
  const fix = await keyFix(named.target, named.machine?.identityFile);
  const mayBeChanged = !asks && (await knowsKey(call, io));
  const said = fix === undefined && !mayBeChanged ? '' : await loginSays(call, io);
  if (mayBeChanged && said.includes('Host key verification failed')) return explainChangedKey(named, io);
  if (fix === undefined || !said.includes('Permission denied')) return;
  await complain(`${quote(named.text)} refused the login: it takes the key that its manager made`, fix, io);
}

async function explainChangedKey(named: ToolCall['named'], io: Io): Promise<void> {
  const { text } = named;
  const [{ forgetRoute }, { changedKey, explainRefusal }] = await Promise.all([
    import('../../book/remembered.js'),
    import('../../keys/refusal.js'),
  ]);
  const route = await forgetRoute(text, io.env);
  const made = guestKeysFor(named, io.env);
  const path = made?.knownHosts ?? knownHostsFile(io.env);
  const names = { typed: text, made: made?.name, path };
  const { problem, hint } = explainRefusal(made ? 'not made' : 'changed', names, io);
  const how = route === undefined ? '' : `; ${route}`;
  const spoken = `REFUSED: ${made ? `the host key of ${text}: ${problem}` : changedKey(text)}${how}`;
  return complain(`the host key of ${quote(text)} is refused: ${problem}${how}`, hint, io, spoken);
}

/** How long one more handshake may take. Milliseconds. */
const timeoutMs = 10_000;

/** For a login that asks the user nothing, and gives the machine no more than scp does, whatever the user's Host says. */
const onlyLooks = [
  ...[asksNothing, ownConnection, ...forwardsNothing],
  ...['PermitLocalCommand=no', 'RemoteCommand=none', 'RequestTTY=no'],
];

async function knowsKey({ named }: ToolCall, { env }: Io): Promise<boolean> {
  const { keysKnown } = await import('../../keys/inbox.js');
  return guestKeysFor(named, env) !== undefined || (await keysKnown([named], env))(named);
}

async function loginSays({ ssh, options, host }: ToolCall, io: Io): Promise<string> {
  const settings = [...onlyLooks, 'PreferredAuthentications=none', 'LogLevel=INFO'];
  const login = sshCommand({ ssh, flags: [...options, '-n'], settings, host, command: 'exit' });
  const said = await runProgram(login, { env: io.env, timeoutMs }).catch(() => undefined);
  return said?.stderr ?? '';
}
