import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/base/errors.js';
import { now } from '../../src/base/runtime.js';
import { byManager } from '../../src/entry/by-manager.js';
import { leftFile, lookInside, runAsRoot, runIn, sudoAsks, tryIn, whyNotRun } from '../../src/entry/run.js';
import { runScript } from '../../src/entry/run-script.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import { fakeIo } from '../helpers/fake-io.js';
import { script, useTempDir } from '../helpers/temp-dir.js';

const { signal } = new AbortController();
const dir = useTempDir();
const web = { by: 'ssh', host: 'web' } as const;
const call = (...command: string[]) => ({ command, input: '' });

it.each([
  { name: 'the route has no program here', command: ['ssh'], PATH: '/proc/none' },
  { name: 'the guest speaks of ENOENT', command: ['sh', '-c', 'echo spawn ssh ENOENT >&2; exit 1'] },
])('the program is to be installed only if it is missing: $name', async ({ command, PATH }) => {
  const env = { ...process.env, PATH: PATH ?? process.env.PATH };
  const outcome = await runScript(call(...command), { onLine: () => {}, env });
  const { problem, hint } = await whyNotRun(web, outcome, fakeIo(), signal);
  const missing = 'the script did not run there: "ssh" could not be run: it is not installed, or not in PATH';
  if (PATH) expect([problem, hint]).toEqual([missing, 'apt-get install openssh-client']);
  else expect(hint).not.toContain('install');
});

it('what to type where no manager goes in is a word of the shell here', async () => {
  const text = 'hyper-v/My VM';
  const machine = { name: 'My VM', target: text, provider: 'hyper-v', status: 'running', also: [] } as const;
  const io = fakeIo({ platform: 'win32' });
  const going = byManager({ host: text }, io, signal, async () => ({
    text,
    target: parseTarget(text),
    machine,
  }));
  await expect(going).rejects.toMatchObject({ hint: expect.stringMatching(/--user NAME "hyper-v\/My VM";/) });
});

it('a way in that is itself closed has the usual reasons', async () => {
  const says = 'kex_exchange_identification: Connection closed by remote host';
  const ssh = call('sh', '-c', `echo "${says}" >&2; exit 255`);
  const outcome = await runScript(ssh, { onLine: () => {}, env: process.env });
  expect((await whyNotRun(web, outcome, fakeIo(), signal)).hint).toMatch(/MaxStartups.*PerSourcePenalties/);
});

it("the cause that ssh's proxy said beats what ssh says last", async () => {
  const says =
    'vmssh: warning: x\\nvmssh $VMSSH_MARK: cannot connect to \\"hyper-v/Mint\\": nothing listens (WSAECONNREFUSED)\\r\\nhint: start sshd\\n';
  const ends = 'Connection closed by UNKNOWN port 65535';
  const ssh = call('sh', '-c', `printf "${says}kex_exchange_identification: x\\n${ends}\\n" >&2; exit 255`);
  const outcome = await runScript(ssh, { onLine: () => {}, env: process.env });
  expect(await whyNotRun(web, outcome, fakeIo(), signal)).toMatchObject({
    // "cannot connect" stands before it already.
    problem: 'the script did not run there: nothing listens (WSAECONNREFUSED)',
    hint: 'start sshd',
  });
  const lies = call('sh', '-c', `printf "${says.replace(' $VMSSH_MARK', '')}${ends}\\n" >&2; exit 255`);
  expect(await runScript(lies, { onLine: () => {}, env: process.env })).toMatchObject({
    message: ends,
    hint: undefined,
  });
  const denied = call('sh', '-c', `printf "${says}Permission denied (publickey).\\n" >&2; exit 255`);
  expect((await runScript(denied, { onLine: () => {}, env: process.env })).message).toMatch(
    /^Permission denied/,
  );
});

it('a look has time of its own, however long the login before it took', async () => {
  let given = 0;
  const run = async (_: string, { limitMs = 0 }) => {
    given = limitMs;
    return { stdout: 'end 0 x\n', stderr: '' };
  };
  const mint = { by: 'agent', host: 'qemu/mint', run } as const;
  await lookInside(mint, { port: 22, account: 'root' }, fakeIo(), signal, now() - 60_000);
  expect(given).toBe(30_000);
});

it('a script that Ctrl-C ended has no other cause', async () => {
  const interrupted = new AbortController();
  const { signal } = interrupted;
  const ssh = { ...call('sh', '-c', 'echo ok step it runs; exec sleep 60'), input: undefined };
  const outcome = await runScript(ssh, { onLine: () => interrupted.abort(), env: process.env, signal });
  const error = await whyNotRun(web, outcome, fakeIo(), signal);
  expect(exitCodeOf(error)).toBe(130);
  expect(error).toMatchObject({ code: 'INTERRUPTED', problem: 'interrupted', hint: undefined });
});

// Windows' own sshd starts cmd. Written from memory of these shells: none of them ran here.
it.each([
  ['cmd', "'sh' is not recognized as an internal or external command,\r\noperable program or batch file."],
  [
    'PowerShell 5',
    "sh : The term 'sh' is not recognized as the name of a cmdlet\r\n    + FullyQualifiedErrorId : CommandNotFoundException",
  ],
  [
    'PowerShell 7',
    "The term 'sh' is not recognized\r\nCheck the spelling of the name, or if a path was included, verify that the path is correct and try again.",
  ],
])('a Windows guest is named: $0', async (_shell, says) => {
  const ssh = call('sh', '-c', 'printf "%s\\r\\n" "$1" >&2; exit 1', 'sh', says);
  const outcome = await runScript(ssh, { onLine: () => {}, env: process.env });
  const error = await whyNotRun(web, outcome, fakeIo(), signal);
  expect(error.message).toContain('it is a Windows machine');
  expect(error.hint).toContain('"Windows guests"');
});

it('a Windows guest is named by the banner of its sshd, whatever language its shell speaks', async () => {
  const server = createServer((socket) =>
    socket.on('error', () => {}).end('SSH-2.0-OpenSSH_for_Windows_9.5\r\n'),
  );
  await new Promise<void>((resolve) => server.listen(join(dir, 's'), resolve));
  const host = `unix${join(dir, 's')}`;
  const ssh = call('sh', '-c', 'exit 1');
  const outcome = await runScript(ssh, { onLine: () => {}, env: process.env });
  const error = await whyNotRun(
    { by: 'target', host, port: 22 },
    outcome,
    fakeIo({ env: process.env }),
    signal,
  );
  server.close();
  expect(error.message).toContain('it is a Windows machine');
});

it.each([
  { by: 'agent', run: async () => ({ stdout: '', stderr: 'sudo: a password is required\n' }) },
  { by: 'exec', command: ['sh', '-c', 'echo "sudo: a password is required" >&2; exit 1', 'x'] },
] as const)('no login and no password follows for a machine that was gone into by $by', async (by) => {
  writeFileSync(join(dir, 'ssh'), `#!/bin/sh\necho "$@" >>'${dir}/log'\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` };
  const terminal = { stdin: true, stdout: true, stderr: true };
  await expect(
    runAsRoot({ host: 'qemu/mint', ...by }, 'true', fakeIo({ env, terminal }), signal),
  ).rejects.toThrow();
  expect(existsSync(join(dir, 'log'))).toBe(false);
});

/** A program that prints its words and what it reads. */
function tells(name: string): string {
  const path = join(dir, 'tell', name);
  script(path, `[ "$1" = -V ] || { printf '%s\\n' "$@"; cat; } >'${path}.said'`);
  return path;
}

it('a script goes to what carries it', async () => {
  mkdirSync(join(dir, 'tell'), { recursive: true });
  for (const name of ['ssh', 'wsl.exe', 'incus']) tells(name);
  const io = fakeIo({ env: { PATH: `${join(dir, 'tell')}:${process.env.PATH}`, HOME: dir } });
  const said = (name: string) => readFileSync(join(dir, 'tell', `${name}.said`), 'utf8').split('\n');
  await tryIn({ by: 'ssh', host: 'web' }, 'S', { io, signal, as: 'root' });
  expect(said('ssh').at(-2)).toContain('sudo -n sh -s');
  expect(said('ssh').at(-1)).toBe('S');
  await tryIn({ by: 'wsl', host: 'wsl/Ubuntu 24' }, 'S', { io, signal, as: 'root' });
  expect(said('wsl.exe')).toEqual(['-d', 'Ubuntu 24', '-u', 'root', '--', 'sh', '-s', 'S']);
  const command = ['incus', 'exec', 'web', '--'];
  await tryIn({ by: 'exec', host: 'incus/web', command }, 'S', { io, signal, as: 'root' });
  expect(said('incus')).toEqual(['exec', 'web', '--', '/bin/sh', '-s', 'S']);
});

describe('a login shell that prints something without a line end', () => {
  const io = () => {
    script(join(dir, 'greets', 'ssh'), `for last; do :; done; printf Welcome; exec sh -c "$last"`);
    script(join(dir, 'greets', 'sudo'), 'shift; exec "$@"');
    const PATH = `${join(dir, 'greets')}:${process.env.PATH}`;
    return fakeIo({ env: { ...process.env, PATH, HOME: dir, TMPDIR: dir } });
  };
  const text = 'echo "ok proof 12ab"; echo "end 0 done"';
  it.each(['root', 'account', 'either'] as const)('hides no line of a script: %s', async (as) => {
    mkdirSync(join(dir, 'greets'), { recursive: true });
    const { lines, code } = await runIn(web, text, { io: io(), signal, as });
    expect([code, lines[0]]).toEqual([0, { state: 'ok', step: 'proof', message: '12ab' }]);
  });
});

describe('a sudo that asks', () => {
  it.each([
    { message: 'sudo: a password is required', asks: true },
    { message: 'sudo: interactive authentication is required', asks: true },
    { message: 'sudo: sorry, you must have a tty to run sudo', asks: true },
    { message: 'sudo: 3 incorrect password attempts', asks: false },
    { message: "env: 'sudo': No such file or directory", asks: false },
    { message: 'ann is not in the sudoers file.', asks: false },
  ])('$message: $asks', ({ message, asks }) => expect(sudoAsks(message)).toBe(asks));

  it.each([
    { message: '/tmp/tmp.aB3', file: '/tmp/tmp.aB3' },
    { message: 'mktemp: no space', file: undefined },
    { message: '/tmp/x; reboot', file: undefined },
  ])('the file that was left: $message', ({ message, file }) => expect(leftFile(message)).toBe(file));

  it('gets the script in a file first, and then this terminal', async () => {
    mkdirSync(join(dir, 'asks'), { recursive: true });
    const at = (name: string) => join(dir, 'asks', name);
    const ssh = `[ "$1" != -V ] || exit 0; echo "$1 $*" | cut -c1-3 >>'${at('calls')}'
for last; do :; done
case $last in
  *mktemp* | *'sudo sh'*) exec sh -c "$last" ;;
  *) echo 'sudo: a password is required' >&2; exit 1 ;;
esac`;
    script(at('ssh'), ssh);
    script(at('sudo'), 'exec "$@"');
    const env = { ...process.env, PATH: `${dir}/asks:${process.env.PATH}`, HOME: dir, TMPDIR: dir };
    const shown: string[] = [];
    const options = {
      io: fakeIo({ env }),
      signal,
      as: 'root',
      onTerminal: (part: string) => void shown.push(part),
    } as const;
    const { code, lines } = await runIn(web, text, options);
    expect([code, lines[0]?.step, shown[0]]).toEqual([0, 'proof', 'web asks:\n']);
    expect(readFileSync(at('calls'), 'utf8').split('\n')).toEqual(['-o ', '-o ', '-t ', '']);
  });

  const text = 'echo "ok proof 12ab"; echo "end 0 done"';
});
