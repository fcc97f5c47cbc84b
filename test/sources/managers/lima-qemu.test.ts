import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listAll } from '../../../src/sources/list-all.js';
import { lima, parseLima } from '../../../src/sources/managers/lima.js';
import { wroteFile } from '../../../src/sources/processes/process-paths.js';
import { routesTo } from '../../../src/sources/routes.js';
import type { DiscoveredMachine, Source } from '../../../src/sources/source.js';
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
