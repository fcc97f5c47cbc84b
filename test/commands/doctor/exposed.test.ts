import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exposedChecks, exposedMachines } from '../../../src/commands/doctor/exposed.js';
import type { Connection, OpenOptions } from '../../../src/connect/connection.js';
import { openConnection } from '../../../src/connect/open.js';
import type { DiscoveredMachine } from '../../../src/sources/source.js';
import type { Endpoint } from '../../../src/typed/route.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { at } from '../../sources/resolved.js';

const dir = useTempDir();

const machine = (name: string, cid: number | undefined, more: Partial<DiscoveredMachine> = {}) =>
  ({ name, target: `qemu/${name}`, status: 'running', provider: 'libvirt', cid, ...more }) as const;

/** Stands in for vsock: real unix sockets, named by the CID. */
const opened: number[] = [];
function open(endpoint: Endpoint, options: OpenOptions): Promise<Connection> {
  if (endpoint.family !== 'vsock' || endpoint.port !== 22) throw new Error('only vsock port 22 is tried');
  opened.push(endpoint.cid);
  return openConnection({ family: 'unix', path: join(dir, String(endpoint.cid)) }, options);
}
async function listen(...cids: readonly number[]): Promise<void> {
  for (const cid of cids)
    await listening(
      createServer((socket) => socket.end()),
      join(dir, String(cid)),
    );
}

it('tries the running machines of the list that have a vsock of this kernel, and no CID that is not a machine', async () => {
  await listen(41, 43);
  const machines = [
    machine('web', 41),
    machine('web again', 41),
    machine('deaf', 42),
    machine('db', 43),
    machine('off', 44, { status: 'off' }),
    machine('mux', 45, at('vsock-mux/run/v.sock')),
    machine('none', undefined),
    ...[0, 1, 2, 0xffffffff].map((cid) => machine('host', cid)),
  ];
  const found = await exposedMachines(machines, new AbortController().signal, open);
  expect(opened.sort((a, b) => a - b)).toEqual([41, 42, 43]);
  expect(found.map(({ cid, answers }) => [cid, answers])).toEqual([
    [41, true],
    [42, false],
    [43, true],
  ]);
  const [check] = exposedChecks(found);
  expect(check).toMatchObject({ name: 'exposed', state: 'none' });
  expect(check?.found).toMatch(
    /^2 with an open vsock port 22: web again \(vsock\/41\), db \(vsock\/43\); every local user/,
  );
  expect(check?.report).toBe(
    '2 with an open vsock port 22: …; every local user and service of this host can connect, and only sshd there decides who gets in',
  );
  expect(check?.fix).toContain('vmssh guest off');
});

it('ends at an interrupt', async () => {
  const signal = AbortSignal.abort();
  await expect(exposedMachines([machine('web', 41)], signal, open)).rejects.toThrow();
});

it('says nothing without such machines, and that none listens', () => {
  expect(exposedChecks([])).toEqual([]);
  expect(exposedChecks([{ name: 'deaf', cid: 42, answers: false }])).toMatchObject([
    { state: 'none', found: 'no machine listens on its vsock port 22' },
  ]);
});
