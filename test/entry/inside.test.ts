import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { byManager } from '../../src/entry/by-manager.js';
import { lookInside, rootRunner, whyNotRun } from '../../src/entry/inside.js';
import { runScript } from '../../src/entry/run-script.js';
import { exitCodeOf } from '../../src/errors.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import { now } from '../../src/runtime.js';
import { fakeIo } from '../helpers/fake-io.js';
import { useTempDir } from '../helpers/temp-dir.js';

const { signal } = new AbortController();
const dir = useTempDir();
const into = { host: 'web', port: 22 };
const route = (...command: string[]) => ({ name: 'ssh' as const, command, input: '' });

it.each([
  { name: 'the route has no program here', command: ['ssh'], PATH: '/proc/none' },
  { name: 'the guest speaks of ENOENT', command: ['sh', '-c', 'echo spawn ssh ENOENT >&2; exit 1'] },
])('the program is to be installed only if it is missing: $name', async ({ command, PATH }) => {
  const env = { ...process.env, PATH: PATH ?? process.env.PATH };
  const outcome = await runScript(route(...command), { onLine: () => {}, env });
  const { problem, hint } = await whyNotRun(into, route(...command), outcome, fakeIo(), signal);
  const missing = 'the script did not run there: "ssh" could not be run: it is not installed, or not in PATH';
  if (PATH) expect([problem, hint]).toEqual([missing, 'apt-get install openssh-client']);
  else expect(hint).not.toContain('install');
});

it('what to type where no manager goes in is a word of the shell here', async () => {
  const text = 'hyper-v/My VM';
  const machine = { name: 'My VM', target: text, provider: 'hyper-v', status: 'running', also: [] } as const;
  const io = fakeIo({ platform: 'win32' });
  const going = byManager({ host: text, route: 'exec', sshConfig: undefined }, io, signal, async () => ({
    text,
    target: parseTarget(text),
    machine,
  }));
  await expect(going).rejects.toMatchObject({ hint: expect.stringMatching(/--user NAME "hyper-v\/My VM";/) });
});

it('a way in that is itself closed has the usual reasons', async () => {
  const says = 'kex_exchange_identification: Connection closed by remote host';
  const ssh = route('sh', '-c', `echo "${says}" >&2; exit 255`);
  const outcome = await runScript(ssh, { onLine: () => {}, env: process.env });
  expect((await whyNotRun(into, ssh, outcome, fakeIo(), signal)).hint).toMatch(
    /MaxStartups.*PerSourcePenalties/,
  );
});

it("the cause that ssh's proxy said beats what ssh says last", async () => {
  const says =
    'vmssh: warning: x\\nvmssh $VMSSH_MARK: cannot connect to \\"hyper-v/Mint\\": nothing listens (WSAECONNREFUSED)\\r\\nhint: start sshd\\n';
  const ends = 'Connection closed by UNKNOWN port 65535';
  const ssh = route('sh', '-c', `printf "${says}kex_exchange_identification: x\\n${ends}\\n" >&2; exit 255`);
  const outcome = await runScript(ssh, { onLine: () => {}, env: process.env });
  expect(await whyNotRun(into, ssh, outcome, fakeIo(), signal)).toMatchObject({
    // "cannot connect" stands before it already.
    problem: 'the script did not run there: nothing listens (WSAECONNREFUSED)',
    hint: 'start sshd',
  });
  const lies = route('sh', '-c', `printf "${says.replace(' $VMSSH_MARK', '')}${ends}\\n" >&2; exit 255`);
  expect(await runScript(lies, { onLine: () => {}, env: process.env })).toMatchObject({
    message: ends,
    hint: undefined,
  });
  const denied = route('sh', '-c', `printf "${says}Permission denied (publickey).\\n" >&2; exit 255`);
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
  const by = { host: 'qemu/mint', route: 'exec', sshConfig: undefined, run } as const;
  await lookInside(by, { port: 22, account: 'root' }, fakeIo(), signal, now() - 60_000);
  expect(given).toBe(30_000);
});

it('a script that Ctrl-C ended has no other cause', async () => {
  const interrupted = new AbortController();
  const { signal } = interrupted;
  const ssh = { ...route('sh', '-c', 'echo ok step it runs; exec sleep 60'), input: undefined };
  const outcome = await runScript(ssh, { onLine: () => interrupted.abort(), env: process.env, signal });
  const error = await whyNotRun(into, ssh, outcome, fakeIo(), signal);
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
  const ssh = route('sh', '-c', 'printf "%s\\r\\n" "$1" >&2; exit 1', 'sh', says);
  const outcome = await runScript(ssh, { onLine: () => {}, env: process.env });
  const error = await whyNotRun(into, ssh, outcome, fakeIo(), signal);
  expect(error.message).toContain('it is a Windows machine');
  expect(error.hint).toContain('"Windows guests"');
});

it('a Windows guest is named by the banner of its sshd, whatever language its shell speaks', async () => {
  const server = createServer((socket) =>
    socket.on('error', () => {}).end('SSH-2.0-OpenSSH_for_Windows_9.5\r\n'),
  );
  await new Promise<void>((resolve) => server.listen(join(dir, 's'), resolve));
  const host = `unix${join(dir, 's')}`;
  const ssh = { name: 'target' as const, command: ['sh', '-c', 'exit 1'], input: '' };
  const outcome = await runScript(ssh, { onLine: () => {}, env: process.env });
  const error = await whyNotRun({ host, port: 22 }, ssh, outcome, fakeIo({ env: process.env }), signal);
  server.close();
  expect(error.message).toContain('it is a Windows machine');
});

it.each([
  { by: 'its guest agent', run: async () => ({ stdout: '', stderr: 'sudo: a password is required\n' }) },
  { by: 'its exec', exec: ['sh', '-c', 'echo "sudo: a password is required" >&2; exit 1', 'x'] },
])('no login and no password follows for a machine that was gone into by $by', async ({ by: _, ...way }) => {
  writeFileSync(join(dir, 'ssh'), `#!/bin/sh\necho "$@" >>'${dir}/log'\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` };
  const terminal = { stdin: true, stdout: true, stderr: true };
  const run = await rootRunner(fakeIo({ env, terminal }), signal);
  const host = { host: 'qemu/mint', route: 'exec', sshConfig: undefined, ...way } as const;
  await expect(run(host, 'true')).rejects.toThrow();
  expect(readFileSync(join(dir, 'log'), 'utf8')).not.toContain('mint');
});
