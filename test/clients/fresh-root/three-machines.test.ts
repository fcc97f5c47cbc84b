import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyLines } from '../../../src/commands/forward/report.js';
import { parseTarget } from '../../../src/kinds/kinds.js';
import { type Machined, startMachined } from '../../helpers/machined.js';
import { run, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { type ByPort, makeKeys } from '../bed.js';
import { type Client, clients } from '../clients.js';
import { Machine } from '../machine.js';

// fresh-root.test.ts starts this in a root that is gone at the end: the home is a real one, and nothing in it is given by options.
const ssh = join(homedir(), '.ssh');
const names = ['mint', 'web', 'db'] as const;
const byPort = clients.filter((client) => client.byPort !== undefined);

describe('three machines with a port of this host each', () => {
  const dir = useTempDir();
  const machines = new Map<string, Machine>();
  const ports = new Map<string, number>();
  let key: string;
  let machined: Machined;
  const forwards: ChildProcess[] = [];
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    key = makeKeys(dir);
    mkdirSync(ssh, { recursive: true, mode: 0o700 });
    cpSync(key, join(ssh, 'id_ed25519'), { errorOnExist: true, force: false });
    for (const name of names) machines.set(name, await new Machine(name, dir, dir).start());
    machined = await startMachined(
      [...machines.values()].map(({ name, target }) => ({
        ...{ name, class: 'vm', service: 'x', sshAddress: target },
      })),
    );
    env = { ...process.env, ...machined.env };
    expect(await run([...vmssh, 'config', 'install'], { env })).toMatchObject({ code: 0 });
    const first = ['ssh', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=accept-new'];
    for (const name of names) {
      expect(await run([...first, name, 'true'], { env })).toMatchObject({ code: 0 });
      const [program = '', ...args] = vmssh;
      const child = spawn(program, [...args, 'forward', '--private', '--json', name, '22', '0'], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      forwards.push(child);
      for await (const line of createInterface({ input: child.stdout })) {
        ports.set(name, JSON.parse(line).listener.port);
        break;
      }
      const text = `machine/${name}`;
      const local = { family: 'inet', host: '127.0.0.1', port: ports.get(name) ?? 0 } as const;
      // What forward --install prints for the user to put there.
      const lines = await keyLines({ text, target: parseTarget(text) }, local, env);
      expect(lines).toHaveLength(1);
      appendFileSync(join(ssh, 'known_hosts'), `${lines?.join('\n')}\n`);
    }
  });
  afterAll(async () => {
    for (const child of forwards) child.kill();
    machined?.stop();
    for (const machine of machines.values()) await machine.stop();
  });

  /** What the client prints, which gets host and port, and the keys that are in ~/.ssh/known_hosts. */
  async function loggedIn({ byPort, ownKnownHosts }: Client, name: string) {
    const port = ports.get(name) ?? 0;
    const machine = machines.get(name);
    if (!byPort || !machine) throw new Error(name);
    const known = readFileSync(join(ssh, 'known_hosts'), 'utf8');
    const [, hostKey = ''] = new RegExp(`^\\[127\\.0\\.0\\.1\\]:${port} (\\S+ \\S+)$`, 'm').exec(known) ?? [];
    const login: ByPort = {
      ...{ dir: mkdtempSync(join(dir, 'l')), user: 'root', key, machine, hostKey, port },
      knownHosts: join(ssh, 'known_hosts'),
    };
    if (ownKnownHosts) {
      const knownHosts = join(login.dir, 'known');
      writeFileSync(knownHosts, `127.0.0.1 ${hostKey}\n`);
      Object.assign(login, { knownHosts });
    }
    const { words, env: more } = byPort(login);
    return run(words, { env: { ...process.env, ...more }, timeout: 60_000 });
  }

  it.each(byPort)('lead $name to the right one', async (client) => {
    for (const name of names) {
      const { stdout, stderr } = await loggedIn(client, name);
      expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringContaining(`this is ${name}`) });
    }
  });

  describe('after a swap of two sockets', () => {
    beforeAll(() => {
      const at = (name: string) => join(dir, name, 'v.sock');
      renameSync(at('mint'), join(dir, 'aside'));
      renameSync(at('web'), at('mint'));
      renameSync(join(dir, 'aside'), at('web'));
    });

    it.each(byPort)('lead $name to neither, and to the third one as before', async (client) => {
      for (const name of ['mint', 'web']) {
        const { code, stdout } = await loggedIn(client, name);
        expect({ name, code, stdout }).not.toMatchObject({ code: 0 });
        expect(stdout).not.toMatch(/this is (mint|web)/);
      }
      expect((await loggedIn(client, 'db')).stdout).toContain('this is db');
    });
  });
});
