import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach } from 'vitest';
import { withLogin } from '../../../src/book/logins.js';
import { formatState, type HostMachine, type MachineLogin, parseState } from '../../../src/book/state.js';
import type { ConfigOptions } from '../../../src/hosts/options.js';
import { configFiles } from '../../../src/hosts/places.js';
import { planInstall, planUninstall } from '../../../src/hosts/plan.js';
import { type CarriedOut, carryOut, type Write } from '../../../src/hosts/write.js';
import type { FindMachines } from '../../../src/machines/find-machines.js';
import { type FakeIo, fakeIo } from '../../helpers/fake-io.js';
import { useTempDir } from '../../helpers/temp-dir.js';

/** As one of --prefix and --only-patterns was given. */
export const named = (some: Partial<ConfigOptions['names']> = {}) => ({
  names: { onlyPatterns: false, prefix: '', ...some },
});

export const configDefaults: ConfigOptions = { ...named(), system: false };

export const machine = {
  name: 'mint',
  target: 'qemu/mint',
  status: 'running',
  provider: 'libvirt',
  also: [],
} as const;

/** One machine, mint. */
export const find: FindMachines = async () => ({ machines: [machine], warnings: [] });

/** A home that is new and empty in each test. */
export function useConfigHome(): ConfigHome {
  const dir = useTempDir();
  const home = new ConfigHome();
  beforeEach(() => {
    home.path = mkdtempSync(join(dir, 'h-'));
  });
  return home;
}

async function done(work: Promise<CarriedOut>): Promise<number> {
  return (await work).code;
}

class ConfigHome {
  path = '';

  get main(): string {
    return join(this.path, '.ssh/config');
  }

  get own(): string {
    return join(this.path, '.ssh/vmssh.conf');
  }

  get state(): string {
    return join(this.path, '.local/state/vmssh/hosts.json');
  }

  /** The lines of its own file that begin a Host of a machine. */
  hosts(): readonly string[] | null {
    return readFileSync(this.own, 'utf8').match(/^Host [\w-]+$/gm);
  }

  readonly io = (env = {}): FakeIo => fakeIo({ env: { HOME: this.path, NO_COLOR: '1', ...env } });

  readonly install = (some: Partial<ConfigOptions> = {}, to = this.io(), finder = find, write?: Write) =>
    done(
      carryOut(
        () => planInstall({ ...configDefaults, ...some }, to, finder, this.files(to, some)),
        to,
        write,
      ),
    );

  /** As `vmssh setup` does: a machine has that login. */
  keepLogin(machine: HostMachine, login: MachineLogin): void {
    const { state } = parseState(readFileSync(this.state, 'utf8'));
    writeFileSync(this.state, formatState({ ...state, machines: withLogin(state.machines, machine, login) }));
  }

  readonly uninstall = (to = this.io(), write?: Write) =>
    done(carryOut(() => planUninstall(configDefaults, to, this.files(to)), to, write));

  /** Of a host without systemd, whatever this one has. */
  private files(to: FakeIo, some: Partial<ConfigOptions> = {}) {
    return configFiles({ ...configDefaults, ...some }, to, undefined, () => false);
  }

  write(name: string, text: string | Buffer, mode = 0o600): void {
    const path = join(this.path, '.ssh', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  }
}
