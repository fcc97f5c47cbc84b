import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingRoot, otherUser } from '../helpers/other-user.js';
import { run, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { type ByPort, type ByProxy, hostsFor, makeKeys } from './bed.js';
import { type Command, clients, missing } from './clients.js';
import { Machine } from './machine.js';

const dir = useTempDir();
const forwards: ChildProcess[] = [];
let key: string;
let mint: Machine;
let web: Machine;

beforeAll(async () => {
  key = makeKeys(dir);
  mint = await new Machine('mint', dir, dir).start();
  web = await new Machine('web', dir, dir).start();
});
afterAll(async () => {
  for (const each of forwards) each.kill();
  for (const machine of [mint, web]) await machine?.stop();
});

/** vmssh forward NAME 22 LOCAL. */
function startForward({ target }: Machine, local: string) {
  const [program = '', ...args] = vmssh;
  const child = spawn(program, [...args, 'forward', '--json', target, '22', local], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  forwards.push(child);
  return child;
}

/** The same at a free port. */
async function forwarded(machine: Machine): Promise<number> {
  const child = startForward(machine, '0');
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line');
  lines.close();
  child.stdout.resume();
  return JSON.parse(String(line)).listener.port;
}

const login = ({ words, env }: Command) => run(words, { env: { ...process.env, ...env }, timeout: 60_000 });

async function refused(command: Command): Promise<void> {
  const { stdout, code } = await login(command);
  expect(stdout).not.toMatch(/this.is/);
  expect(code).not.toBe(0);
}

/** What it takes to log in to `machine`, whose key is that of `known`. */
function common(machine: Machine, known: Machine) {
  return { dir: mkdtempSync(join(dir, 'l')), user: machine.user, key, machine, hostKey: known.hostKey };
}

function byProxy(machine: Machine, known: Machine, fdpass: boolean): ByProxy {
  const config = hostsFor(dir, [machine], fdpass, () => known);
  const knownHosts = join(dir, `known-hosts-${fdpass}`);
  const proxy = [...vmssh, 'nc', machine.target, '22'];
  return { ...common(machine, known), host: machine.name, config, knownHosts, proxy };
}

function byPort(machine: Machine, known: Machine, port: number): ByPort {
  const all = common(machine, known);
  const knownHosts = join(all.dir, 'known');
  // dropbear knows no ports.
  const names = [`[127.0.0.1]:${port}`, '127.0.0.1'];
  writeFileSync(knownHosts, names.map((name) => `${name} ${known.hostKey}\n`).join(''));
  return { ...all, port, knownHosts };
}

for (const client of clients) {
  const { byProxy: words, name } = client;
  if (!words) continue;
  describe.skipIf(missing(client))(`${name}, by ProxyCommand`, () => {
    const modes = client.fdpass ? [true, false] : [false];
    it.each(modes)('logs in; with --fdpass: %s', async (fdpass) => {
      const { stdout, stderr } = await login(words(byProxy(mint, mint, fdpass)));
      expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringMatching(/this.is.mint\b/) });
    });

    // Once it does not, docs/clients.md and the hint of doctor can leave it out.
    it.skipIf(client.fdpass)('needs --no-fdpass', async () => {
      expect((await login(words(byProxy(mint, mint, true)))).stdout).not.toMatch(/this.is/);
    });

    it("refuses another machine's key", () => refused(words(byProxy(mint, web, false))));
  });
}

for (const client of clients) {
  const { byPort: words, name } = client;
  if (!words) continue;
  describe.skipIf(missing(client))(`${name}, by address and port`, () => {
    it('logs in', async () => {
      const { stdout, stderr } = await login(words(byPort(web, web, await forwarded(web))));
      expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringMatching(/this is web\b/) });
    });

    it("refuses another machine's key", async () => refused(words(byPort(web, mint, await forwarded(web)))));
  });
}

describe('a forwarded port', () => {
  const ssh2 = clients.find(({ name }) => name === 'ssh2')?.byPort;
  if (!ssh2) throw new Error('no ssh2');

  it('gives a thousand clients the banner, each its own', async () => {
    const port = await forwarded(web);
    const banner = async () => {
      const socket = createConnection({ host: '127.0.0.1', port });
      const [first] = await once(socket, 'data');
      socket.destroy();
      return String(first).slice(0, 8);
    };
    const found: string[] = [];
    const one = async () => {
      while (found.length < 1000) found.push(await banner());
    };
    await Promise.all(Array.from({ length: 20 }, one));
    expect(new Set(found)).toEqual(new Set(['SSH-2.0-']));
    expect((await login(ssh2(byPort(web, web, port)))).stdout).toBe('this is web\n');
  });

  it('leads to the machine again after a reboot that replaces its socket, and ends what was open', async () => {
    const machine = await new Machine('reboots', dir, dir).start();
    const port = await forwarded(machine);
    const by = byPort(machine, machine, port);
    const known = ['-o', `UserKnownHostsFile=${by.knownHosts}`, '-o', 'BatchMode=yes', '-i', key];
    const to = ['-p', String(port), '127.0.0.1', 'echo in; sleep 600'];
    const open = spawn('ssh', ['-F', 'none', ...known, ...to]);
    const ended = once(open, 'exit');
    expect(String((await once(open.stdout, 'data'))[0])).toBe('in\n');
    await machine.stop();
    expect((await ended)[0]).toBe(255);
    expect((await login(ssh2(by))).code).not.toBe(0);
    await machine.start();
    // A machine is looked up again every two seconds at most.
    await expect.poll(async () => (await login(ssh2(by))).stdout).toBe('this is reboots\n');
    await machine.stop();
  });

  it.skipIf(missingRoot('two users on one host'))(
    'is open to every user of this host, unlike a unix socket',
    async () => {
      const port = await forwarded(web);
      chmodSync(dir, 0o755);
      const path = join(dir, 'only-mine');
      await once(startForward(web, path).stdout, 'data');
      const code =
        'import socket, sys\ns = socket.socket(*([] if sys.argv[1] == "inet" else [socket.AF_UNIX]))\ns.connect(("127.0.0.1", int(sys.argv[2])) if sys.argv[1] == "inet" else sys.argv[2])\nprint(s.recv(8).decode())';
      const as = (...to: string[]) =>
        run(['/usr/bin/python3', '-c', code, ...to], { ...otherUser, cwd: '/' });
      expect((await as('inet', String(port))).stdout).toBe('SSH-2.0-\n');
      expect((await as('unix', path)).stderr).toContain('PermissionError');
    },
  );
});
