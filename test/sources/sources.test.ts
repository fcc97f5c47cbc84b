import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadForList, loadHere, sourcesHere, sourcesOn } from '../../src/sources/here.js';
import type { Deps } from '../../src/sources/source.js';
import { loadSources, type SourceEntry, sources, watchedFolders } from '../../src/sources/sources.js';
import { shellVariables } from '../../src/sources/trusted-env.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { fakeProc } from './processes/fake-proc.js';

const entries: readonly SourceEntry[] = sources;
const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name);

describe('the list of sources', () => {
  it('has each by the name that it has itself, and loads those that are asked for', async () => {
    const all = names(entries);
    expect(new Set(all).size).toBe(all.length);
    expect(names(await loadSources())).toEqual(all);
    const some = entries.filter(({ name }) => name === 'lima' || name === 'incus');
    expect(names(await loadSources(some))).toEqual(['incus', 'lima']);
  });

  it('has each variable that a source reads: the systemd unit gets it, and it is checked whose its path is', () => {
    const files = readdirSync('src/sources', { recursive: true, encoding: 'utf8' });
    const texts = files
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(`src/sources/${path}`, 'utf8'));
    const code = texts.map((text) => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'|`[^`]*`/g, ''));
    const read = new Set(code.flatMap((text) => text.match(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g) ?? []));
    expect(read).toContain('LIMA_HOME');
    // What tools are given, what the user's systemd sets by itself, and what says that this is WSL.
    const given = ['LC_ALL', 'VMSSH_SOURCE'];
    // They choose nothing that is shown.
    const away = ['LIBVIRT_DEFAULT_URI', 'VIRSH_DEFAULT_CONNECT_URI', 'INCUS_REMOTE'];
    const others = [...given, ...away, 'XDG_RUNTIME_DIR', 'VMSSH_WINDOWS', 'WSL_DISTRO_NAME', 'WSL_INTEROP'];
    expect([...read].filter((name) => ![...shellVariables(), ...others].includes(name))).toEqual([]);
    const named = entries.flatMap(({ environment = [], choices = [] }) => [...environment, ...choices]);
    expect(named.filter((name) => !shellVariables().includes(name))).toEqual([]);
  });

  it('has what changes, by the environment', () => {
    expect(watchedFolders({})).toContain('~/.lima');
    expect(watchedFolders({ LIMA_HOME: '/l' })).toContain('/l');
    // What `podman rename` writes.
    const storage = 'containers/storage/overlay-containers/containers.json';
    expect(watchedFolders({})).toContain(`~/.local/share/${storage}`);
    expect(watchedFolders({ XDG_DATA_HOME: '/d' })).toContain(`/d/${storage}`);
  });
});

describe('the sources of a platform', () => {
  it('are those that run there', () => {
    expect(names(sourcesOn('win32'))).toEqual(['hyper-v', 'wsl']);
    expect(names(sourcesOn('darwin'))).toEqual(['lima', 'multipass', 'podman', 'docker', 'qemu']);
    expect(names(sourcesOn('freebsd'))).toEqual([]);
  });

  it('are on a network only if they are named', () => {
    const network = ['kubevirt', 'kubectl'];
    expect(names(sourcesOn('linux')).filter((name) => network.includes(name))).toEqual([]);
    expect(names(sourcesOn('linux', ['kubevirt'])).filter((name) => network.includes(name))).toEqual([
      'kubevirt',
    ]);
  });
});

/** Those that need no look, or look only when they are asked. */
const always = ['machined', 'nspawn', 'qemu', 'crosvm', 'firecracker', 'cloud-hypervisor'];

describe('the sources of a host', () => {
  const dir = useTempDir();
  const host = (files: readonly string[] = [], env: Deps['env'] = {}): Deps => ({
    env,
    platform: 'linux',
    procDir: '/proc/none',
    exists: (path) => files.includes(path),
  });
  const others = (host: Deps, named?: readonly string[]) =>
    names(sourcesHere(host, named)).filter((name) => !always.includes(name));

  it('are none of a manager that leaves nothing on it', () => {
    expect(names(sourcesHere(host()))).toEqual(always);
  });

  it.each<{ name: string; files?: string[]; env?: Deps['env'] }>([
    { name: 'hyper-v', env: { WSL_DISTRO_NAME: 'Debian' } },
    { name: 'libvirt', files: ['/run/libvirt'] },
    { name: 'libvirt', files: ['/r/libvirt'], env: { XDG_RUNTIME_DIR: '/r' } },
    { name: 'libvirt', files: [`/run/user/${process.getuid?.()}/libvirt`] },
    // Another user's runtime folder is not used, but that of this user is.
    {
      name: 'libvirt',
      files: [`/run/user/${process.getuid?.()}/libvirt`],
      env: { XDG_RUNTIME_DIR: '/run/user/1' },
    },
    { name: 'incus', files: ['/run/incus'] },
    { name: 'incus', files: ['/var/lib/lxd'] },
    { name: 'incus', files: ['/var/snap/lxd/common/lxd'] },
    { name: 'incus', files: ['/var/lib/incus'], env: { INCUS_DIR: '/not/there' } },
    { name: 'incus', files: ['/i.sock'], env: { INCUS_SOCKET: '/i.sock' } },
    { name: 'incus', files: ['/l'], env: { LXD_DIR: '/l' } },
    { name: 'lima', files: ['/h/.lima'], env: { HOME: '/h' } },
    { name: 'lima', files: ['/d/rancher-desktop/lima'], env: { XDG_DATA_HOME: '/d' } },
    { name: 'kvm', files: ['/dev/kvm'] },
    { name: 'podman', files: ['/run/podman'] },
    { name: 'podman', files: ['/r/podman'], env: { XDG_RUNTIME_DIR: '/r' } },
    { name: 'podman', env: { CONTAINER_HOST: 'unix:///p.sock' } },
    { name: 'docker', files: ['/run/docker.sock'] },
    { name: 'docker', files: ['/r/docker.sock'], env: { XDG_RUNTIME_DIR: '/r' } },
    { name: 'docker', files: ['/h/.docker'], env: { HOME: '/h' } },
    { name: 'docker', files: ['/c'], env: { DOCKER_CONFIG: '/c', HOME: '/h' } },
    { name: 'docker', env: { DOCKER_HOST: 'unix:///d.sock' } },
  ])('have $name by $files $env', ({ name, files, env }) => {
    expect(others(host(files, env))).toEqual([name]);
  });

  it.each([
    { program: 'limactl', name: 'lima' },
    { program: 'multipass', name: 'multipass' },
    { program: 'podman', name: 'podman' },
  ])('have $name by $program in PATH', ({ program, name }) => {
    const bin = join(dir, program);
    mkdirSync(bin);
    writeFileSync(join(bin, program), '');
    expect(others(host([], { PATH: bin }))).toEqual([]);
    chmodSync(join(bin, program), 0o755);
    expect(others(host([], { PATH: bin }))).toEqual([name]);
  });

  it('are also those that are named, with nothing of them there', () => {
    expect(others(host(), ['lima', 'kubectl', 'wsl'])).toEqual(['lima', 'kubectl']);
  });

  it('are loaded only if they may be there', async () => {
    expect(names(await loadHere(host([]), ['libvirt', 'qemu']))).toEqual(['qemu']);
    expect(names(await loadHere(host(['/run/libvirt']), ['libvirt', 'qemu']))).toEqual(['libvirt', 'qemu']);
  });
});

describe('a source of processes', () => {
  const dir = useTempDir();
  const commands: Readonly<Record<string, readonly string[]>> = {
    qemu: ['/usr/bin/qemu-system-x86_64', '-device', 'vhost-vsock-pci,guest-cid=3'],
    crosvm: ['crosvm', 'run', '--vsock', '3'],
    firecracker: ['/opt/firecracker-v1.7', '--id', 'a', '--api-sock', '/proc/none.sock'],
    'cloud-hypervisor': ['cloud-hypervisor', '--api-socket', '/proc/none.sock'],
  };
  const ofProcesses = entries.filter(({ runs }) => runs);
  const list = async (entry: SourceEntry, argv: readonly string[]) => {
    const deps: Deps = { env: {}, platform: 'linux', procDir: fakeProc(dir, [{ argv }]) };
    const [source] = await loadForList([entry]);
    return source?.list(deps);
  };

  it('is each that looks for a program', () => {
    expect(names(ofProcesses).toSorted()).toEqual(Object.keys(commands).toSorted());
  });

  it.each(ofProcesses)(
    '$name is loaded once its program runs, and then it has the machine',
    async (entry) => {
      const { found, warnings } = (await list(entry, commands[entry.name] ?? [])) ?? {};
      expect([...(found ?? []), ...(warnings ?? [])]).toMatchObject([{ provider: entry.name }]);
    },
  );

  it.each(ofProcesses)('$name is not loaded while its program does not run', async (entry) => {
    const unloaded = { ...entry, load: () => Promise.reject(new Error('loaded')) };
    expect(await list(unloaded, ['bash'])).toEqual({ found: [], warnings: [] });
    await expect(list(unloaded, commands[entry.name] ?? [])).rejects.toThrow('loaded');
  });
});
