import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { findProgram } from '../../helpers/programs.js';
import { sshdConfig } from '../../helpers/sshd.js';

/** A stand-in of Multipass with one machine, "mint", whose SSH server is a real sshd on a loopback port. */
export interface StandIn {
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  /** Options of ssh for a login. */
  readonly ssh: readonly string[];
  /** The commands that it was started with, without the lists. */
  started(): readonly string[];
  /** Lets a start that waits go on. */
  open(): void;
  /** Off again, with the next start's behaviour: it waits for `open`, or runs more shell lines first. */
  reset(next?: { readonly waits?: boolean | undefined; readonly first?: string | undefined }): void;
  /** Resolves once the machine is up. */
  isUp(): Promise<void>;
  end(): void;
}

export async function makeStandIn(dir: string): Promise<StandIn> {
  const at = (name: string) => join(dir, name);
  for (const key of ['host', 'id']) spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)]);
  writeFileSync(at('authorized'), readFileSync(at('id.pub')));
  writeFileSync(at('sshd_config'), sshdConfig(dir).replace('PidFile none', `PidFile ${at('pid')}`));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  for (const folder of ['bin', 'home', 'home/.ssh']) mkdirSync(at(folder), { mode: 0o700 });
  const port = await freePort();
  const sshd = `${findProgram('sshd') ?? 'sshd'} -f ${at('sshd_config')} -p ${port} -o ListenAddress=127.0.0.1`;
  const machine = (state: string, ipv4: string) =>
    `echo '{"list":[{"name":"mint","state":"${state}","ipv4":[${ipv4}]}]}'`;
  writeFileSync(
    at('bin/multipass'),
    `#!/bin/sh
PATH=/usr/bin:/bin:$PATH
case $1 in
list) if [ -e ${at('up')} ]; then ${machine('Running', '"127.0.0.1"')}; else ${machine('Stopped', '')}; fi ;;
*) echo "$*" >> ${at('log')}; . ${at('first')}; ${sshd}; until [ -s ${at('pid')} ]; do :; done; touch ${at('up')} ;;
esac
`,
  );
  chmodSync(at('bin/multipass'), 0o755);
  spawnSync('mkfifo', [at('gate')]);
  const endSshd = () => {
    if (existsSync(at('pid'))) process.kill(Number(readFileSync(at('pid'), 'utf8')), 'SIGTERM');
    rmSync(at('pid'), { force: true });
  };
  let gate: number | undefined;
  const closeGate = () => {
    if (gate !== undefined) closeSync(gate);
    gate = undefined;
  };
  const self: StandIn = {
    port,
    env: { ...process.env, HOME: at('home'), PATH: `${at('bin')}:${process.env.PATH}` },
    ssh: [
      ...['-F', 'none', '-p', String(port), '-i', at('id'), '-l', userInfo().username],
      ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'],
      ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
    ],
    started: () => (existsSync(at('log')) ? readFileSync(at('log'), 'utf8').trimEnd().split('\n') : []),
    open() {
      // Open for both, it waits for no reader.
      gate ??= openSync(at('gate'), 'r+');
      writeSync(gate, '\n');
    },
    reset({ waits = false, first = '' } = {}) {
      endSshd();
      closeGate();
      for (const name of ['up', 'log']) rmSync(at(name), { force: true });
      writeFileSync(at('first'), `${waits ? `read line < ${at('gate')}\n` : ''}${first}\n`);
    },
    isUp: () => vi.waitUntil(() => existsSync(at('up')), { timeout: 60_000 }).then(() => {}),
    end() {
      endSshd();
      closeGate();
    },
  };
  self.reset();
  return self;
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
