import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Machined, startMachined } from '../helpers/machined.js';
import { lacks } from '../helpers/programs.js';
import { vmssh } from '../helpers/run.js';
import { type SshdOnSocket, startSshd } from '../helpers/sshd.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { type Fault, faults, ownEnv } from './fault.js';

/** The machine that ssh has a key of, and another one, both at the address of a single sshd. */
const [known, other] = ['7f3b1c9e-5a60-4d0f-8a61-2b9d8c7e4f10', '0c5d2e8a-93b7-4f4c-b1de-6a7f0e1d2c3b'];

describe.skipIf(lacks('sshd', 'ssh-keygen'))('a machine', () => {
  const dir = useTempDir();
  let sshd: SshdOnSocket;
  const started: Machined[] = [];
  let count = 0;
  const keyOf = (name: string) =>
    readFileSync(join(dir, `${name}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');

  beforeAll(async () => {
    sshd = await startSshd(dir);
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'before')]);
  });
  afterAll(async () => {
    for (const machined of started) machined.stop();
    await sshd.close();
  });

  /** `check web`, where systemd-machined lists web with this UUID, and ssh has kept this line. */
  function check(uuid: string, line: () => string): Pick<Fault, 'command' | 'options'> {
    const home = join(dir, `home-${++count}`);
    return {
      options: { env: { ...ownEnv(dir), HOME: home } },
      command: async () => {
        mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
        writeFileSync(join(home, '.ssh/vmssh_known_hosts'), `${line()}\n`, { mode: 0o600 });
        const machined = await startMachined([
          { name: 'web', id: uuid, class: 'vm', service: 'x', sshAddress: `unix${sshd.path}` },
        ]);
        started.push(machined);
        return [
          'env',
          `XDG_RUNTIME_DIR=${machined.env.XDG_RUNTIME_DIR}`,
          ...vmssh,
          'check',
          '--until=authentication',
          'web',
        ];
      },
    };
  }

  faults('the identity of a machine (`check web`)', {
    'another machine answers: it took over the CID, the socket or the UUID, or the machine was reinstalled': {
      ...check(known, () => `vmssh-${known} ${keyOf('before')}`),
      ends: 1,
      prints: /web has another host key than before/,
    },
    'another machine took over the name: its key is its own, by its UUID': {
      ...check(other, () => `vmssh-${known} ${keyOf('before')}`),
      prints: /host key/,
    },
    'two machines have the same CID, as one took it over from the other (`list`)': {
      command: async () => {
        const cid = { class: 'vm', service: 'x', vSockCid: 4_000_000_009 };
        const machined = await startMachined([
          { ...cid, name: 'web', id: known },
          { ...cid, name: 'db', id: other },
        ]);
        started.push(machined);
        return ['env', `XDG_RUNTIME_DIR=${machined.env.XDG_RUNTIME_DIR}`, ...vmssh, 'list', '--json'];
      },
      prints: /"code": "ADDRESS_TWICE"/,
    },
    'the key is revoked': {
      ...check(known, () => `@revoked * ${keyOf('host')}`),
      ends: 1,
      prints: /it is revoked in/,
    },
  });
});
