import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError, understand } from '../../../src/cli/command.js';
import { type ListDeps, list, runList } from '../../../src/commands/list/list.js';
import type { ListOptions } from '../../../src/commands/list/output.js';
import { concreteHosts } from '../../../src/hosts/hosts.js';
import { hyperV } from '../../../src/sources/hyper-v/source.js';
import { libvirt } from '../../../src/sources/libvirt/source.js';
import { listAll } from '../../../src/sources/list-all.js';
import { nspawn } from '../../../src/sources/machined/nspawn.js';
import { incus } from '../../../src/sources/managers/incus.js';
import { lima } from '../../../src/sources/managers/lima.js';
import { type DiscoveredMachine, DiscoveryError, type Source } from '../../../src/sources/source.js';
import { qemu } from '../../../src/sources/vmm/qemu.js';
import { routeBy } from '../../../src/typed/route.js';
import { ended } from '../../helpers/expected.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { listSchema } from '../../program/json-schemas.js';
import { PeerFolder } from '../../sources/machined/varlink-peer.js';
import { at } from '../../sources/resolved.js';

const uuid = '11111111-2222-4333-8444-555555555555';
const machines: readonly DiscoveredMachine[] = [
  { name: 'web', target: 'machine/web', status: 'off', provider: 'p' },
  {
    ...{ name: 'Mint 22', target: `qemu/${uuid}`, status: 'running', provider: 'p' },
    ...{ cid: 3, uuid, ...at('vsock/3') },
  },
  {
    ...{ name: 'a\x1b[2J\tb', target: 'lima/a', status: 'paused', provider: 'p' },
    ...{ ...at('127.0.0.1:60022'), user: 'u' },
  },
];
const provider = (found: readonly DiscoveredMachine[], fails = false, code = 'EACCES'): Source => ({
  name: 'p',
  title: 'P',
  list: async () => ({ found, warnings: fails ? [{ provider: 'p', code, problem: 'no\x07' }] : [] }),
});
const deps = (...all: readonly Source[]): ListDeps => ({
  sources: all.map((each) => ({ name: each.name, platforms: ['linux'], load: async () => each })),
  listAll,
  hosts: async () => undefined,
  keepFresh: async () => {},
});
const table: ListOptions = {
  ...{ show: 'table', names: [], addresses: false },
  ...{ runningOnly: false, sources: undefined, watchMs: undefined },
};

async function output(
  options: Partial<ListOptions>,
  from: ListDeps = deps(provider(machines)),
  io = fakeIo(),
) {
  const code = await runList({ ...table, ...options }, io, from);
  return { code, stdout: io.stdout.join(''), stderr: io.stderr.join('') };
}

/** A provider that finds what `found` has at each look, and the Io of a user who presses Ctrl-C during the look number `last`. */
function watched(last: number, found: (look: number) => ReturnType<Source['list']>, terminal = pipe) {
  const abort = new AbortController();
  let looks = 0;
  const source: Source = {
    ...provider([]),
    list: () => {
      if (++looks === last) abort.abort();
      return found(looks);
    },
  };
  return { from: deps(source), io: fakeIo({ interrupted: () => abort.signal, terminal }) };
}
const pipe = { stdin: false, stdout: false, stderr: false };

it('list has the Hosts follow what it found, if it asked all sources', async () => {
  const followed: number[] = [];
  const from: ListDeps = {
    ...deps(provider(machines)),
    keepFresh: async (all) => void followed.push(all.machines.length),
  };
  await output({ sources: ['p'] }, from);
  expect(followed).toEqual([]);
  await output({}, from);
  expect(followed).toEqual([machines.length]);
});

it('list --watch has the Hosts follow what it finds each time, before it shows their names', async () => {
  const abort = new AbortController();
  const done: string[] = [];
  const from: ListDeps = {
    ...deps(provider(machines)),
    keepFresh: async () => void done.push('written'),
    hosts: async () => {
      if (done.push('read') === 4) abort.abort();
      return undefined;
    },
  };
  const io = () =>
    fakeIo({ interrupted: () => abort.signal, terminal: { stdin: true, stdout: true, stderr: true } });
  await output({ watchMs: 1 }, from, io());
  expect(done).toEqual(['written', 'read', 'written', 'read']);
});

describe('vmssh list', () => {
  const dir = useTempDir();

  it('-o keys has the keys that a login accepts, and says why none counts', async () => {
    const [key, bad] = ['ssh-ed25519 AAAA', 'ssh-rsa BBBB'].map((each) => `vmssh-${uuid} ${each}`);
    const text = `${key} 2026-01-31 you host%mint\n${bad}\n@revoked ${bad}\n`;
    writeTree(dir, { '.ssh/vmssh_known_hosts': text });
    const keys = () => output({ show: 'keys' }, undefined, fakeIo({ env: { HOME: dir } }));
    chmodSync(join(dir, '.ssh/vmssh_known_hosts'), 0o600);
    expect(await keys()).toEqual({ code: 0, stdout: `${key} 2026-01-31 you\n`, stderr: '' });
    chmodSync(join(dir, '.ssh/vmssh_known_hosts'), 0o664);
    await expect(keys()).rejects.toThrow('its mode is 0664, so no host key in it counts');
  });

  /** A folder with files of these names and modes. */
  function useFolder(files: Readonly<Record<string, number>>): string {
    for (const [name, mode] of Object.entries(files)) writeFileSync(join(dir, name), '', { mode });
    return dir;
  }

  it('prints tabs in a pipe, running machines first, without control characters', async () => {
    expect(await output({})).toEqual(
      ended(
        0,
        `running\tMint 22\tqemu/${uuid}\tp\npaused\ta\\x1b[2J\\x09b\tlima/a\tp\noff\tweb\tmachine/web\tp\n`,
        '',
      ),
    );
  });

  it('sorts names by the numbers in them, whatever their case', async () => {
    const names = ['web10', 'Web9', 'web-b', '10', '9', 'Ähre', 'web'];
    const found = names.map(
      (name): DiscoveredMachine => ({ name, target: `qemu/${name}`, status: 'running', provider: 'p' }),
    );
    const { stdout } = await output({ show: 'name' }, deps(provider(found)));
    expect(stdout).toBe('9\n10\nweb\nweb-b\nWeb9\nweb10\nÄhre\n');
  });

  it('prints more columns with -o wide', async () => {
    const { stdout } = await output({ show: 'wide', runningOnly: true });
    expect(stdout).toBe(`running\tMint 22\tqemu/${uuid}\tp\t3\t${uuid}\tvsock/3\t-\n`);
  });

  it('keeps with -r what may run: a container of which only its socket is known', async () => {
    const folder = new PeerFolder();
    try {
      await folder.listen('systemd/nspawn/unix-export/c1/ssh', () => {});
      const io = fakeIo({ env: { XDG_RUNTIME_DIR: folder.path } });
      const { stdout } = await output({ runningOnly: true }, deps(nspawn, provider(machines)), io);
      const lines = stdout.trimEnd().split('\n');
      expect(lines).toContain('unknown\tc1\tcontainer/c1\tnspawn');
      expect(lines.filter((line) => !/^(running|unknown)\t/.test(line))).toEqual([]);
      expect(lines.length).toBeGreaterThan(1);
    } finally {
      folder.stop();
    }
  });

  const terminal = { stdin: true, stdout: true, stderr: false };
  it('aligns columns on a terminal, by the width of characters', async () => {
    const found = [
      { name: '虚拟', target: 'machine/虚拟', status: 'running', provider: 'p' },
      { name: 'mint', target: 'qemu/mint', status: 'off', provider: 'p' },
    ] as const;
    const { stdout } = await output({}, deps(provider(found)), fakeIo({ terminal, env: { NO_COLOR: '1' } }));
    expect(stdout).toBe(['NAME  STATE    SOURCE', '虚拟  running  p', 'mint  off      p', ''].join('\n'));
  });

  it('colours a terminal', async () => {
    const { stdout } = await output({ runningOnly: true }, undefined, fakeIo({ terminal }));
    expect(stdout).toContain('\x1b[1mMint 22\x1b[22m  \x1b[32mrunning\x1b[39m  p');
  });

  describe('for a person', () => {
    const person = (env = {}) => fakeIo({ terminal, env: { NO_COLOR: '1', ...env } });
    const web = { name: 'web', target: 'machine/web', status: 'running', provider: 'machined' } as const;
    const found: readonly DiscoveredMachine[] = [
      web,
      { name: 'Mint 22', target: `qemu/${uuid}`, status: 'off', provider: 'libvirt' },
    ];
    const withHosts = async (prefix: string): Promise<ListDeps> => {
      const all = found.map((machine) => ({ ...machine, also: [] }));
      const { entries } = concreteHosts(all, { prefix, taken: () => undefined, knownHosts: '~/k' });
      return { ...deps(provider(found)), hosts: async () => entries.slice(0, 1) };
    };

    it('shows what to type for ssh, once it knows the machines', async () => {
      expect(await output({}, await withHosts('vm-'), person())).toEqual(
        ended(
          0,
          [
            'NAME     STATE    SOURCE    LOG IN WITH',
            'web      running  machined  ssh vm-web',
            `Mint 22  off      libvirt   vmssh ssh --start qemu/${uuid}`,
            '',
          ].join('\n'),
          '',
        ),
      );
      expect((await output({}, await withHosts(''), person())).stdout).toContain('  ssh web\n');
    });

    it('leaves the columns of a pipe as they are, and has the name in JSON', async () => {
      const { stdout } = await output({}, await withHosts('vm-'));
      expect(stdout).toBe(`running\tweb\tmachine/web\tmachined\noff\tMint 22\tqemu/${uuid}\tlibvirt\n`);
      const json = JSON.parse((await output({ show: 'json' }, await withHosts('vm-'))).stdout);
      expect(listSchema.parse(json).machines.map(({ sshName }) => sshName)).toEqual(['vm-web', null]);
    });

    it('drops the last columns of -o wide that do not fit, and says where they are', async () => {
      const io = { ...person(), columns: 45 };
      const { stdout } = await output({ show: 'wide' }, deps(provider(found)), io);
      expect(stdout).toBe(
        [
          'NAME     STATE    SOURCE    CID  UUID',
          'web      running  machined  -    -',
          'Mint 22  off      libvirt   -    -',
          '(more columns: vmssh list -o json)',
          '',
        ].join('\n'),
      );
    });

    it('shows the full name of machines that share a name', async () => {
      const twins = ['podman', 'lima'].map((name) => ({ ...web, name: 'Web', target: `${name}/Web` }));
      const { stdout, stderr } = await output({}, deps(provider(twins)), person());
      expect(stdout).toMatch(/^podman\/Web +running/m);
      expect(stderr).toBe('To log in: vmssh setup podman/Web\n');
    });

    it.each([
      { all: found, typed: 'web' },
      { all: [{ ...web, name: '-oX=$(id)', target: 'machine/-oX=$(id)' }], typed: "'machine/-oX=$(id)'" },
    ])('says how to log in before config install: $typed', async ({ all, typed }) => {
      const { stderr } = await output({}, deps(provider(all)), person());
      expect(stderr).toBe(`To log in: vmssh setup ${typed}\n`);
    });

    it('says what gives a machine of libvirt a way in', async () => {
      const bare = { ...web, name: 'mint', target: 'qemu/mint', provider: 'libvirt' };
      const { stderr } = await output({}, deps(provider([bare, ...found])), person());
      expect(stderr).toBe('To log in: vmssh setup web\nNo way into mint yet: vmssh setup mint\n');
    });

    it('has no advice in a pipe, in JSON, with -q, or if no machine runs', async () => {
      for (const all of [found, []]) {
        expect((await output({}, deps(provider(all)))).stderr).toBe('');
        for (const show of ['json', 'name', 'id'] as const)
          expect((await output({ show }, deps(provider(all)), person())).stderr).toBe('');
      }
      expect((await output({}, deps(provider(found.slice(1))), person())).stderr).toBe('');
    });

    it('says what to do if there is no machine: what is not installed, and how one gets listed', async () => {
      const given = deps(
        ...[libvirt, incus, lima, qemu].map((each) => ({ ...each, list: provider([]).list })),
      );
      const ofWindows = { platforms: ['win32', 'linux'], mayBeHere: () => false } as const;
      const windows = deps(hyperV).sources.map((each) => ({ ...each, ...ofWindows }));
      const asked = { ...given, sources: [...windows, ...given.sources] };
      const bin = useFolder({ limactl: 0o755, virsh: 0o644 });
      const { stdout, stderr } = await output({}, asked, person({ PATH: `.:${bin}` }));
      expect(stdout).toBe('No machines on this host\n');
      expect(stderr).toBe(
        'Looked in: Lima, QEMU. Not installed: libvirt, Incus.\nExpected one? vmssh doctor\n',
      );
      expect((await output({}, deps())).stdout).toBe('');
    });

    it('says how many are off if none runs', async () => {
      const { stdout, stderr } = await output(
        { runningOnly: true },
        deps(provider(found.slice(1))),
        person(),
      );
      expect(stdout).toBe('No machine is running; vmssh list shows 1 that is not\n');
      expect(stderr).toBe('');
    });
  });

  describe('of machines that are named', () => {
    const more: readonly DiscoveredMachine[] = [
      ...machines,
      { name: 'Twin', target: 'lima/Twin', status: 'off', provider: 'p' },
      { name: 'TWIN', target: 'lima/TWIN', status: 'running', provider: 'p' },
    ];
    const named = (names: readonly string[], options: Partial<ListOptions> = {}, from = provider(more)) =>
      output({ names, ...options }, deps(from));

    it('prints them alone, in the order that was typed, each once', async () => {
      const { code, stdout } = await named(['web', 'mint-22', 'machine/web', 'Twin']);
      expect({ code, names: stdout.split('\n').map((line) => line.split('\t')[1]) }).toEqual({
        code: 0,
        names: ['web', 'Mint 22', 'Twin', undefined],
      });
    });

    it.each([
      { show: 'id', wants: uuid },
      { show: 'status', wants: 'running' },
      { show: 'address', wants: 'vsock/3' },
    ] as const)('prints one value of one machine: $show', async ({ show, wants }) => {
      for (const typed of ['Mint 22', 'MINT 22', 'mint-22', uuid.toUpperCase(), `qemu%${uuid}`, 'vsock/3'])
        expect(await named([typed], { show })).toEqual({ code: 0, stdout: `${wants}\n`, stderr: '' });
    });

    it('leaves out with -r what is off, which is no error', async () => {
      expect(await named(['web'], { runningOnly: true })).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    it.each([
      {
        typed: 'wbe',
        show: 'table',
        says: 'cannot find "wbe": no machine is called wbe: found "web", "Mint 22", "a\\x1b[2J\\x09b", "Twin", "TWIN"\nhint: did you mean "web"?',
      },
      {
        typed: 'twin',
        show: 'table',
        says: 'cannot find "twin": "twin" may be "lima/Twin" or "lima/TWIN"\nhint: type one of these; vmssh list -o wide shows what each is',
      },
      { typed: 'web', show: 'id', says: 'cannot find "web": p has no id for it' },
      { typed: 'web', show: 'address', says: 'cannot find "web": p has no address for it: it is off' },
      { typed: 'TWIN', show: 'address', says: 'cannot find "TWIN": p has no address for it' },
    ] as const)('fails for $typed ($show), and prints the others', async ({ typed, show, says }) => {
      const { code, stdout, stderr } = await named([typed, 'Mint 22'], { show });
      expect({ code, stderr }).toEqual({ code: 4, stderr: `vmssh: ${says}\n` });
      expect(stdout.trimEnd().split('\n')).toHaveLength(1);
      const json = listSchema.parse(JSON.parse((await named([typed, 'Mint 22'], { show: 'json' })).stdout));
      if (show === 'table')
        expect(json).toMatchObject({ ok: false, exitCode: 4, errors: [{ target: typed }] });
      expect(json.machines.map(({ name }) => name)).toContain('Mint 22');
    });

    it('names the provider that was asked, and what failed', async () => {
      const none = await named(['x'], {}, provider([]));
      expect(none.stderr).toBe(
        'vmssh: cannot find "x": no machine was found on this host\nhint: see vmssh list\n',
      );
      const { code, stderr } = await named(['x'], { sources: ['p'] }, provider([], true));
      expect(code).toBe(4);
      expect(stderr).toContain('no machine of p is called x: found none; p: no\\x07 (EACCES)\n');
    });

    it('has the address of the first route that has one', async () => {
      const exec = { command: ['/bin/x'], family: 'exec', machine: '', into: 'ssh', port: 22 } as const;
      const routes = [
        routeBy(exec, []),
        routeBy({ family: 'unix', path: '/run/r.sock' }, []),
        routeBy({ family: 'tcp', host: '192.0.2.1', port: 2222 }, []),
      ];
      const from = provider([
        { ...fourth, name: 'all', target: 'p/all', routes },
        { ...fourth, name: 'none', target: 'p/none', routes: routes.slice(0, 1) },
      ]);
      expect(await named(['all', 'none'], { show: 'address', addresses: true }, from)).toEqual(
        ended(4, 'unix/run/r.sock\n', 'vmssh: cannot find "none": p has no address for it\n'),
      );
    });

    it('asks the provider for an address that its list does not have, of machines that run', async () => {
      const asked: string[] = [];
      const asking: Source = {
        ...provider(more),
        addressOf: async ({ name }) => {
          asked.push(name);
          if (name !== 'TWIN') throw new DiscoveryError('TIMEOUT', 'too slow');
          return '192.0.2.1';
        },
      };
      const show = { show: 'address', addresses: true } as const;
      expect(await named(['TWIN', 'Mint 22', 'web'], show, asking)).toMatchObject(
        ended(4, '192.0.2.1\nvsock/3\n'),
      );
      expect(asked).toEqual(['TWIN']);
      const slow: Source = {
        ...asking,
        list: async () => ({ found: [{ ...fourth, name: 'new' }], warnings: [] }),
      };
      expect((await named(['new'], show, slow)).stderr).toContain('p has no address for it: too slow\n');
      expect(await output(show, deps(slow))).toEqual(ended(0, '', 'vmssh: warning: p: too slow (TIMEOUT)\n'));
    });
    const fourth = { name: 'new', target: 'lima/new', status: 'running', provider: 'p' } as const;

    it('are watched too, though one is not there yet', async () => {
      const { from, io } = watched(3, async (look) => ({ found: look < 2 ? [] : [fourth], warnings: [] }));
      const options = { names: ['new'], show: 'status', watchMs: 1 } as const;
      const { code, stdout, stderr } = await output(options, from, io);
      expect({ code, stdout }).toEqual({ code: 130, stdout: '\nrunning\n' });
      expect(stderr.match(/cannot find/g)).toHaveLength(1);
    });
  });

  it('prints only names or UUIDs, one per line', async () => {
    expect((await output({ show: 'name' })).stdout).toBe('Mint 22\na\\x1b[2J\\x09b\nweb\n');
    expect((await output({ show: 'id' })).stdout).toBe(`${uuid}\n`);
  });

  it('prints JSON of the documented shape', async () => {
    const { stdout } = await output({ show: 'json' }, deps(provider(machines, true)));
    const json = listSchema.parse(JSON.parse(stdout));
    expect(json.machines.map(({ slug }) => slug)).toEqual(['Mint-22', 'a-2J-b', 'web']);
    expect(json.warnings).toHaveLength(1);
  });

  it('says that a manager is not open to this user only if it was named', async () => {
    const shut = deps(provider([], true, 'CLOSED'));
    const { stdout, ...quiet } = await output({}, shut);
    expect(quiet).toEqual({ code: 0, stderr: '' });
    const named = await output({ sources: ['p'] }, shut);
    expect(named).toMatchObject({ code: 1, stderr: 'vmssh: warning: p: no\\x07 (CLOSED)\n' });
  });

  it('says that Hyper-V is not enabled where nothing else is listed', async () => {
    const off = (machines: readonly DiscoveredMachine[]) =>
      deps({
        ...provider([]),
        list: async () => ({
          found: machines,
          warnings: [{ provider: 'hyper-v', code: 'NO_HYPERV', problem: 'x' }],
        }),
      });
    const { stderr } = await output({}, off([]));
    expect(stderr).toContain('warning: hyper-v: ');
    expect(await output({}, off(machines))).toMatchObject({ code: 0, stderr: '' });
  });

  it('warns of a provider that could not be asked, and fails only if it was named', async () => {
    const stderr = 'vmssh: warning: p: no\\x07 (EACCES)\n';
    expect(await output({}, deps(provider([], true)))).toEqual({ code: 0, stdout: '', stderr });
    expect(await output({ sources: ['p'] }, deps(provider([], true)))).toEqual(ended(1, '', stderr));
  });

  it('asks only sources that were named, and only those of this platform', async () => {
    const other = { ...provider(machines), name: 'other' };
    expect((await output({ sources: ['other'] }, deps(provider([]), other))).stdout).not.toBe('');
    const windows = fakeIo({ platform: 'win32' });
    expect((await output({}, deps(provider(machines)), windows)).stdout).toBe('');
    await expect(output({ sources: ['nope'] })).rejects.toThrow(
      new UsageError('--provider takes any of p, not "nope"'),
    );
  });

  it('exits with 1 for a provider that failed, not for what it lists', async () => {
    const sources = ['p'];
    const twice = machines.map((each) => ({ ...each, status: 'running', cid: 3 }) as const);
    const result = await output({ sources }, deps(provider(twice)));
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('ADDRESS_TWICE') });
    expect(await output({ sources }, deps(provider([], true)))).toMatchObject({ code: 1 });
  });

  it('keeps warnings below the list on a terminal, and repeats none elsewhere', async () => {
    const warnings = async (stderr: boolean) => {
      const failing = () => provider([], true).list({ env: {} });
      const { from, io } = watched(3, failing, { stdin: true, stdout: true, stderr });
      return (await output({ watchMs: 1 }, from, io)).stderr.match(/no\\x07/g)?.length;
    };
    expect(await warnings(true)).toBe(3);
    expect(await warnings(false)).toBe(1);
  });

  it('watches until Ctrl-C, and prints only changes in a pipe', async () => {
    const two = async (look: number) => ({ found: machines.slice(0, look < 3 ? 1 : 2), warnings: [] });
    const { from, io } = watched(4, two);
    const signals = new Set<AbortSignal | undefined>();
    const listing: typeof listAll = (asked, sources) => {
      signals.add(asked.signal);
      return listAll(asked, sources);
    };
    const result = await output({ show: 'name', watchMs: 1 }, { ...from, listAll: listing }, io);
    expect(result).toMatchObject({ code: 130, stdout: 'web\n\nMint 22\nweb\n' });
    // The executable would keep what hangs on one that all of them share.
    expect(signals.size).toBe(4);
  });

  it.each([
    { input: {}, want: table },
    { input: { running: true, quiet: true }, want: { ...table, show: 'name', runningOnly: true } },
    { input: { ids: true, provider: 'a,b' }, want: { ...table, show: 'id', sources: ['a', 'b'] } },
    { input: { ids: true, running: true, quiet: true }, want: { ...table, show: 'id', runningOnly: true } },
    { input: { output: 'id' }, want: { ...table, show: 'id' } },
    { input: { output: 'status' }, want: { ...table, show: 'status' } },
    { input: { output: 'address' }, want: { ...table, show: 'address', addresses: true } },
    { input: { output: 'address', json: true }, want: { ...table, show: 'json', addresses: true } },
    { input: { output: 'wide', watch: true }, want: { ...table, show: 'wide', watchMs: 2000 } },
    { input: { output: 'json', json: true, watch: '5' }, want: { ...table, show: 'json', watchMs: 5000 } },
  ] as const)('takes $input', ({ input, want }) => {
    expect(understand(list, { positionals: [], options: input }, fakeIo())).toEqual(want);
  });

  it.each([
    { input: { output: 'x' }, want: '--output takes one of wide, json, id, status, address, keys, not "x"' },
    { input: { json: true, quiet: true }, want: '--json and --quiet cannot be used together' },
    { input: { json: true, ids: true }, want: '--json and --ids cannot be used together' },
    { input: { ids: true, output: 'wide' }, want: '--ids and --output cannot be used together' },
    { input: { watch: '0' }, want: '--watch takes seconds from 0.001 to 86400, not "0"' },
  ] as const)('refuses: $want', ({ input, want }) => {
    expect(() => understand(list, { positionals: [], options: input }, fakeIo())).toThrow(
      new UsageError(want),
    );
  });
});
