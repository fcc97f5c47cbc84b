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
import { createServer } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { makeContainer } from '../../connect/exec/container.js';

/** A stand-in of Incus with one container, "mint", in which a real sshd is started for each login. */
export interface StandIn {
  readonly env: NodeJS.ProcessEnv;
  /** Options of ssh for a login. */
  readonly ssh: readonly string[];
  /** The commands that it was started with, without the lists. */
  started(): readonly string[];
  /** Lets a start that waits go on. */
  open(): void;
  /** Off again, with the next start's behaviour: it waits for `open`, or runs more shell lines first. */
  reset(next?: { readonly waits?: boolean; readonly first?: string }): void;
  /** Resolves once the machine is up. */
  isUp(): Promise<void>;
  /** Takes sshd away. */
  end(): void;
}

export async function makeStandIn(dir: string): Promise<StandIn> {
  const at = (name: string) => join(dir, name);
  for (const key of ['host', 'id']) spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)]);
  writeFileSync(at('authorized'), readFileSync(at('id.pub')));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  for (const folder of ['bin', 'home', 'home/.ssh']) mkdirSync(at(folder), { mode: 0o700 });
  const container = makeContainer(at('container'), { program: 'incus', keys: dir });
  writeFileSync(
    at('bin/incus'),
    `#!/bin/sh
PATH=/usr/bin:/bin:$PATH
case $1 in
start) echo "$*" >> ${at('log')}; . ${at('first')}; touch ${at('up')} ;;
*) exec ${container.bin}/incus "$@" ;;
esac
`,
  );
  chmodSync(at('bin/incus'), 0o755);
  const server = createServer((_, response) => {
    const status = existsSync(at('up')) ? 'Running' : 'Stopped';
    const metadata = [{ name: 'mint', type: 'container', status, location: 'none', config: {} }];
    response.end(JSON.stringify({ metadata }));
  });
  await new Promise<void>((resolve) => server.listen(at('incus.sock'), resolve));
  spawnSync('mkfifo', [at('gate')]);
  let gate: number | undefined;
  const closeGate = () => {
    if (gate !== undefined) closeSync(gate);
    gate = undefined;
  };
  const self: StandIn = {
    env: {
      ...process.env,
      HOME: at('home'),
      PATH: `${at('bin')}:${process.env.PATH}`,
      INCUS_SOCKET: at('incus.sock'),
    },
    ssh: [
      ...['-F', 'none', '-i', at('id'), '-l', userInfo().username],
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
      closeGate();
      for (const name of ['up', 'log']) rmSync(at(name), { force: true });
      writeFileSync(at('first'), `${waits ? `read line < ${at('gate')}\n` : ''}${first}\n`);
    },
    isUp: () => vi.waitUntil(() => existsSync(at('up')), { timeout: 60_000 }).then(() => {}),
    end() {
      rmSync(join(container.root, 'usr/sbin/sshd'), { force: true });
      closeGate();
      server.unref();
    },
  };
  self.reset();
  return self;
}
