import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type HostEntry, noState } from '../../../src/book/state.js';
import { askOnce } from '../../../src/commands/config/install.js';
import { whatNow } from '../../../src/commands/config/what-now.js';
import type { ConfigOptions } from '../../../src/hosts/options.js';
import { configFiles } from '../../../src/hosts/places.js';
import type { FindMachines } from '../../../src/machines/find-machines.js';
import type { askWhether } from '../../../src/machines/picker.js';
import type { ListedMachine } from '../../../src/sources/merge.js';
import { missingAddon } from '../../helpers/addon.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { configDefaults, named, useConfigHome } from './home.js';

const terminal = { stdin: true, stdout: true, stderr: true };
const pipe = { ...terminal, stdin: false };
const keepNames = { ...configDefaults, names: undefined };

describe.skipIf(missingAddon())('the question whether to keep the Hosts fresh', () => {
  const home = useConfigHome();
  const asked = async (
    options: Partial<ConfigOptions> = {},
    answer = true,
    at = terminal,
    hasSystemd = false,
    machines: readonly ListedMachine[] = [],
  ) => {
    let times = 0;
    const ask: typeof askWhether = async () => {
      times++;
      return answer;
    };
    const own = fakeIo({ env: { HOME: home.path, TERM: 'xterm' }, terminal: at });
    // The system's ssh_config may say what ssh does about first keys.
    const io = Object.assign(own, { systemFolder: home.path });
    const files = configFiles({ system: false }, io, undefined, () => hasSystemd);
    const find: FindMachines = async () => ({ machines, warnings: [] });
    const said = await askOnce({ ...keepNames, ...options }, io, files, find, ask);
    return {
      says: said?.fresh,
      keys: said?.sshOptions?.map(({ value }) => value),
      times,
      said: io.stderr.join(''),
    };
  };

  it('says what writes them: a systemd unit only if there is systemd', async () => {
    expect((await asked()).said).toMatch(
      /^Machines come and go: .*list and .*ssh can keep ssh's list of them up to date\.\n$/,
    );
    expect((await asked({}, true, terminal, true)).said).toContain(', and so can systemd.');
  });

  it('comes before the one about first keys, where a manager reads none', async () => {
    const web: ListedMachine = {
      name: 'web',
      target: 'qemu/web',
      provider: 'qemu',
      status: 'running',
      also: [],
    };
    const both = await asked({}, true, terminal, false, [web]);
    expect(both).toMatchObject({ says: true, keys: ['accept-new'], times: 2 });
    expect(both.said).toContain(
      'Nobody here can confirm the host key of web: ssh asks you at the first login.',
    );
    expect(await asked({}, false, terminal, false, [web])).toMatchObject({ says: false, keys: ['ask'] });
    const said = { sshOptions: [{ keyword: 'stricthostkeychecking', value: 'yes' }] };
    expect(await asked(said, true, terminal, false, [web])).toMatchObject({ keys: ['yes'], times: 1 });
  });

  it('is asked of those whose file is from a run in a pipe', async () => {
    await home.install(keepNames);
    expect(await asked()).toMatchObject({ says: true, times: 1 });
  });

  it.each([
    { name: 'in a pipe', options: {}, at: pipe },
    { name: 'for patterns only', options: named({ onlyPatterns: true }), at: terminal },
    { name: 'for all users', options: { system: true }, at: terminal },
  ])('is not asked $name', async ({ options, at }) => {
    expect(await asked(options, true, at)).toMatchObject({ says: undefined, times: 0, said: '' });
  });

  it('is not asked if vmssh.conf is not written anyway', async () => {
    home.write('vmssh.conf', 'Host a\n');
    expect(await asked()).toMatchObject({ says: undefined, times: 0 });
  });
});

/** The last line for these Hosts. */
function lastLine(hosts: readonly string[]): string {
  return lines(hosts.map((host) => entry(host)));
}

function lines(machines: readonly HostEntry[], fresh?: boolean, file?: string): string {
  const state = { ...noState, machines, options: { ...noState.options, fresh } };
  const rows = whatNow(state, true, fakeIo(), file);
  return rows
    .map(({ text = '' }) => text.replaceAll('\u00a0', ' '))
    .join('\n')
    .trim();
}

function entry(host: string, more: Partial<HostEntry> = {}): HostEntry {
  return { host, name: host, target: `qemu/${host}`, provider: 'libvirt', ...more };
}

describe('the end of config install', () => {
  const dir = useTempDir();
  it('is what to type for each machine', () => {
    expect(lastLine(['mint'])).toBe('Ready: ssh mint');
    expect(lastLine(['web', 'vm-web2'])).toBe('Ready: ssh web, ssh vm-web2');
  });

  it('names the file that ssh does not read by itself', () => {
    const folder = join(dir, 'a b');
    const ready = () => lines([entry('mint')], false, join(folder, 'config'));
    expect(ready()).toBe(`Ready: ssh -F '${folder}/config' mint`);
    writeTree(folder, { id_ecdsa: '', 'id_ecdsa.pub': '' });
    expect(ready()).toBe(`Ready: ssh -F '${folder}/config' -i '${folder}/id_ecdsa' mint`);
  });

  it('is one line for any number of machines', () => {
    const names = Array.from({ length: 30 }, (_, i) => `web${i}`);
    expect(lastLine(names)).toMatch(/^Ready: ssh web0, .*ssh web7, and 22 more$/);
  });

  it('says which is which of names that differ only in case', () => {
    const machines = [
      entry('Mint-hyper-v', { name: 'Mint', target: 'hyper-v/86e0c1e9' }),
      entry('mint-hyper-v', { name: 'mint', target: 'hyper-v/87e0c1e9' }),
      entry('web'),
    ];
    expect(lines(machines)).toBe(
      [
        'Ready: ssh Mint-hyper-v, ssh mint-hyper-v, ssh web',
        'they differ only in case: ssh Mint-hyper-v is Mint (hyper-v/86e0c1e9), ssh mint-hyper-v is mint (hyper-v/87e0c1e9)',
      ].join('\n'),
    );
  });

  it('says what very many Hosts of other hypervisors cost', () => {
    const there = (count: number) =>
      Array.from({ length: count }, (_, at) =>
        entry(`m${at}.hv1`, { via: 'hv1', target: `via/hv1/qemu/m${at}` }),
      );
    expect(lines(there(1999))).not.toContain('each start of ssh');
    expect(lines([...there(2000), entry('web')])).toMatch(
      /^Ready: .*\neach start of ssh reads them: 2000 Hosts of other hypervisors cost it about 16 ms\. vmssh config install --only-patterns writes no Host, and ssh via\/hv1\/NAME works without one$/,
    );
  });

  it('says how a machine gets listed where there is none, and proposes nothing that is not there', () => {
    const how = 'no machine with a name yet: start one, or add a source of your own (docs/sources.md); ';
    expect(lastLine([])).toBe(`${how}when vmssh list shows it, run vmssh config install again`);
    expect(lines([], true)).toBe(`${how}when vmssh list shows it, ssh knows its name`);
  });
});
