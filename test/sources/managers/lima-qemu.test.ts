import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listAll } from '../../../src/sources/list-all.js';
import { lima, listLima, parseLima } from '../../../src/sources/managers/lima.js';
import { wroteFile } from '../../../src/sources/processes/process-paths.js';
import { addressOf, routesTo } from '../../../src/sources/routes.js';
import { type DiscoveredMachine, DiscoveryError, type Source } from '../../../src/sources/source.js';
import type { RunTool } from '../../../src/sources/tools/run-tool.js';
import { authorityOf } from '../../../src/sources/trusted-path.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const routes = routesTo(['127.0.0.1:60022']);

/** Lima's instance in a folder of its own, as its QEMU on Linux. */
function instance(pids: object, age = 0) {
  const folder = join(dir, `home-${count++}/default`);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'qemu.pid');
  writeFileSync(file, `${process.pid}\n`);
  const then = Date.now() / 1000 - age;
  utimesSync(file, then, then);
  const says = {
    name: 'default',
    status: 'Running',
    dir: folder,
    vmType: 'qemu',
    sshLocalPort: 60022,
    ...pids,
  };
  return JSON.stringify({ ...says, config: { user: { name: 'ann' } } });
}
let count = 0;

const inQemu: DiscoveredMachine = {
  ...{ name: 'lima-default', target: 'qemu/lima-default', status: 'running', provider: 'qemu' },
  ...{ pid: process.pid, routes, authority: authorityOf() },
};

async function list(text: string) {
  const qemu: Source = { name: 'qemu', title: 'QEMU', list: async () => ({ found: [inQemu], warnings: [] }) };
  const instances: Source = { ...lima, list: async () => ({ found: parseLima(text), warnings: [] }) };
  return listAll({ env: {} }, [instances, qemu]);
}

describe("Lima's machine that is a QEMU too", () => {
  it.each(['driverPID', 'qemuPID'])('is one machine by its pid: %s', async (field) => {
    const { machines, warnings } = await list(instance({ [field]: process.pid }));
    expect(machines).toMatchObject([
      { target: 'lima/default', routes, user: 'ann', also: ['qemu/lima-default'] },
    ]);
    expect({ count: machines.length, warnings }).toEqual({ count: 1, warnings: [] });
  });

  it.skipIf(process.platform !== 'linux').each([
    { name: 'started after Lima wrote it', pids: { driverPID: process.pid }, age: 1e8 },
    { name: 'is gone', pids: { driverPID: 2 ** 30 }, age: 0 },
  ])('is not a process of its pid that $name', async ({ pids, age }) => {
    const { machines, warnings } = await list(instance(pids, age));
    expect(machines.map(({ target }) => target)).toEqual(['lima/default', 'qemu/lima-default']);
    // Both claim the port now.
    expect(warnings).toMatchObject([{ code: 'ADDRESS_TWICE' }]);
  });

  it('is believed where no process can be seen', () => {
    expect(wroteFile(1, '/no/file', { env: {}, platform: 'darwin' })).toBe(true);
  });
});

it('An instance that is broken has no port: another one may have it by now', () => {
  const says = (name: string, status: string) =>
    JSON.stringify({ name, status, dir: `/l/${name}`, sshLocalPort: 60022 });
  const found = parseLima(`${says('a', 'Broken')}\n${says('b', 'Running')}\n`);
  expect(found.map((each) => addressOf(each))).toEqual([undefined, '127.0.0.1:60022']);
});

describe('without limactl', () => {
  const withPid = (folder: string) => {
    mkdirSync(join(folder, '0'), { recursive: true });
    writeFileSync(join(folder, '0/ha.pid'), '1\n');
    return folder;
  };
  const said = async (env: Readonly<Record<string, string>>) =>
    (await listLima({ env: { PATH: dir, ...env }, platform: 'linux' }, none, 1000)).warnings;
  const none: RunTool = async () => {
    throw new DiscoveryError('ENOENT', 'limactl could not be run');
  };

  it('a LIMA_HOME that is a file has none', async () => {
    writeFileSync(join(dir, 'file'), '');
    expect(await said({ LIMA_HOME: join(dir, 'file') })).toEqual([]);
  });

  it("an instance that runs is said, Rancher Desktop's too", async () => {
    const folder = withPid(join(dir, 'rd/rancher-desktop/lima'));
    const problem = `limactl is not in PATH, which knows the login of "0" in ${folder}`;
    expect(await said({ XDG_DATA_HOME: join(dir, 'rd'), HOME: join(dir, 'home') })).toEqual([
      { provider: 'lima', code: 'NOT_LISTED', problem },
    ]);
    expect(await said({ LIMA_HOME: folder })).toHaveLength(1);
  });

  it('root is told of one that runs, as in podman unshare: limactl does not run for root', async () => {
    const folder = withPid(join(dir, 'unshared'));
    mkdirSync(join(dir, 'bin'));
    writeFileSync(join(dir, 'bin/limactl'), '', { mode: 0o755 });
    const env = { PATH: join(dir, 'bin'), LIMA_HOME: folder };
    const { warnings } = await listLima({ env, platform: 'linux' }, none, 0);
    const problem = `limactl does not run as root, which knows the login of "0" in ${folder}`;
    expect(warnings).toEqual([{ provider: 'lima', code: 'NOT_LISTED', problem }]);
  });

  it('one that does not is nobody', async () =>
    expect(await said({ HOME: join(dir, 'nobody'), XDG_DATA_HOME: join(dir, 'nobody') })).toEqual([]));
});
