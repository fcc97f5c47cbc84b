import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { findProgram } from '../../helpers/programs.js';
import { vmsshWords } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import type { Hypervisor, HypervisorMade } from '../../helpers/sshd.js';
import { hypervisorHosts, startHypervisor } from '../../helpers/sshd.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';

export const needed = { ssh: 'openssh-client', sshd: 'openssh-server' };

export interface Bed {
  readonly dir: string;
  /** The sshd of a machine, on a unix socket. */
  readonly guest: ReturnType<typeof useSshd>;
  readonly hosts: Readonly<Record<string, Hypervisor>>;
  /** With an ssh that knows the hypervisors. */
  readonly env: NodeJS.ProcessEnv;
  /** Rewrites the ssh_config of the hypervisors with more lines in front. */
  configure(more: string, ports?: Readonly<Record<string, number>>): void;
}

/** A machine's sshd behind hypervisors on loopback ports, for one test file. */
export function useHypervisors(made: Readonly<Record<string, HypervisorMade>>): Bed {
  const dir = useTempDir();
  const hosts: Record<string, Hypervisor> = {};
  const configure: Bed['configure'] = (more, ports = {}) => {
    const all = Object.fromEntries(Object.entries(hosts).map(([name, { port }]) => [name, port]));
    writeFileSync(join(dir, 'hv_config'), more + hypervisorHosts(dir, { ...all, ...ports }), { mode: 0o600 });
  };
  const guest = useSshd(dir);
  beforeAll(async () => {
    for (const [name, parts] of Object.entries(made)) {
      mkdirSync(join(dir, name));
      hosts[name] = await startHypervisor(dir, join(dir, name), parts);
    }
    configure('');
    script(join(dir, 'ssh'), `exec ${findProgram('ssh')} -F ${join(dir, 'hv_config')} "$@"`);
    script(join(dir, 'vmssh-there'), `exec ${vmsshWords} "$@"`);
  });
  afterAll(async () => {
    await Promise.all(Object.values(hosts).map((each) => each.close()));
  });
  return { dir, guest, hosts, env: { ...process.env, VMSSH_SSH: join(dir, 'ssh') }, configure };
}

/** Has a hypervisor find this vmssh, from now on. */
export function giveVmssh(bed: Pick<Bed, 'dir'>, home = ''): void {
  mkdirSync(join(home, '.local/bin'), { recursive: true });
  symlinkSync(join(bed.dir, 'vmssh-there'), join(home, '.local/bin/vmssh'));
}

/** The real python3, if there is one: that of a version manager needs more than itself. */
export function python(): string {
  const { status, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : 'python3';
}
