import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { findProgram } from '../../helpers/programs.js';
import { vmsshWords } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';
import { hypervisor, start } from './namespace.js';

export interface Network {
  readonly dir: string;
  /** ssh's configuration of the machines: for -F. */
  readonly config: string;
  /** With an ssh that is in the network. */
  readonly env: NodeJS.ProcessEnv;
  /** What a command begins with that shall run in the network. */
  readonly inside: readonly string[];
  home(host: string): string;
  /** A hypervisor loses its power. */
  kill(host: string): Promise<void>;
}

/** Hypervisors as network namespaces, each with mounts and processes of its own, and one more namespace from which ssh reaches them. Needs root. */
export function useNetwork(hosts: readonly string[]): Network {
  const dir = useTempDir();
  const running = new Map<string, ChildProcess>();
  const guest = useSshd(dir);
  const homeOf = (host: string) => join(dir, host, 'home');
  const enter = (name: string) => ['nsenter', `--net=/proc/${running.get(name)?.pid}/ns/net`, '--'];
  const kill = async (name: string) => {
    const child = running.get(name);
    if (!child || !running.delete(name)) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  beforeAll(async () => {
    running.set(
      'client',
      await start(['unshare', '--net', 'sh', '-c', 'ip link set lo up && echo up && exec cat']),
    );
    for (const [at, host] of hosts.entries()) {
      mkdirSync(homeOf(host), { recursive: true });
      running.set(host, await start(hypervisor(dir, host, homeOf(host))));
      const peer = String(running.get(host)?.pid);
      must(enter('client'), 'ip', 'link', 'add', host, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', peer);
      for (const [side, link, end] of [
        ['client', host, 1],
        [host, 'eth0', 2],
      ] as const) {
        must(enter(side), 'ip', 'addr', 'add', `10.19.${at}.${end}/24`, 'dev', link);
        must(enter(side), 'ip', 'link', 'set', link, 'up');
      }
    }
    writeFileSync(
      join(dir, 'hv_config'),
      hosts.map((host, at) => hostLines(dir, host, `10.19.${at}.2`)).join(''),
      { mode: 0o600 },
    );
    script(
      join(dir, 'ssh'),
      `exec ${[...enter('client'), findProgram('ssh')].join(' ')} -F ${join(dir, 'hv_config')} "$@"`,
    );
    const keys = `Host *\n    UserKnownHostsFile ${join(dir, 'known')}\n    StrictHostKeyChecking accept-new\n    LogLevel ERROR\n`;
    writeFileSync(join(dir, 'config'), `${keys}Include ${guest.config('fdpass')}\n`, { mode: 0o600 });
    script(join(dir, 'vmssh-there'), `exec ${vmsshWords} "$@"`);
  });
  afterAll(async () => {
    for (const name of [...running.keys()].reverse()) await kill(name);
  });
  return {
    dir,
    env: { ...process.env, VMSSH_SSH: join(dir, 'ssh') },
    home: homeOf,
    kill,
    config: join(dir, 'config'),
    get inside() {
      return enter('client');
    },
  };
}

function must(before: readonly string[], ...command: readonly string[]): void {
  const [program = '', ...args] = [...before, ...command];
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}

function hostLines(dir: string, host: string, address: string): string {
  return `Host ${host}
    HostName ${address}
    User ${userInfo().username}
    IdentityFile ${join(dir, 'id')}
    IdentitiesOnly yes
    UserKnownHostsFile ${join(dir, 'hv_known')}
    StrictHostKeyChecking accept-new
    LogLevel ERROR
`;
}
