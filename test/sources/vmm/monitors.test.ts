import { describe, expect, it } from 'vitest';
import { type Deps, DiscoveryError, type Process } from '../../../src/sources/source.js';
import { findMonitor, listMonitors, type MonitorAnswer } from '../../../src/sources/vmm/monitors.js';

const provider = { name: 'firecracker', title: 'Firecracker' };

/** A process of this user with the name in its first argument; `says`: undefined, it gives no answer. */
interface Made {
  readonly name: string;
  readonly authority?: 'other' | 'user';
  readonly uuid?: string;
  readonly isSilent?: boolean;
}

function listing(made: readonly Made[], asked: string[] = [], limits: unknown[] = []) {
  const processes = made.map(
    ({ name, authority = 'user' }, i): Process => ({
      ...{ pid: 100 + i, uid: 1000, argv: [name], authority },
    }),
  );
  const look = async ({ pid }: Process, { timeoutMs }: Deps) => {
    limits.push(timeoutMs);
    const { name = '', isSilent, uuid } = made[pid - 100] ?? {};
    const ask = async (): Promise<MonitorAnswer> => {
      asked.push(name);
      if (isSilent) throw new DiscoveryError('TIMEOUT', 'no answer within 5 s');
      return { status: 'running', address: `vsock-mux/run/${pid}.sock`, cid: undefined, uuid };
    };
    return { name, ask };
  };
  return (deps: Deps) => listMonitors(provider, /^firecracker/, look, deps, async () => processes);
}

const find = (name: string, made: readonly Made[], asked?: string[]) =>
  findMonitor(name, listing(made, asked), { env: {} }, () => true);
const targets = async (made: readonly Made[]) =>
  (await listing(made)({ env: {} })).found.map(({ target }) => target);

describe('machines that only their processes show', () => {
  it.each([
    ['by its name', [{ name: 'web' }], ['firecracker/web']],
    [
      'two of one name by their sockets',
      [{ name: 'web' }, { name: 'web' }, { name: 'db' }],
      ['vsock-mux/run/100.sock', 'vsock-mux/run/101.sock', 'firecracker/db'],
    ],
    [
      'also if one of them does not answer',
      [{ name: 'web' }, { name: 'web', isSilent: true }],
      ['vsock-mux/run/100.sock'],
    ],
    [
      'two of one name by their UUIDs',
      ['1', '2'].map((digit) => ({ name: 'web', uuid: `${digit.repeat(8)}-2222-4333-8444-555555555555` })),
      ['1', '2'].map((digit) => `firecracker/${digit.repeat(8)}-2222-4333-8444-555555555555`),
    ],
    [
      'one in a container by its socket, and it takes no name',
      [{ name: 'web', authority: 'other' as const }, { name: 'web' }],
      ['vsock-mux/run/100.sock', 'firecracker/web'],
    ],
    ['one whose name no target can have by its socket', [{ name: 'a/b' }], ['vsock-mux/run/100.sock']],
  ])('are typed $0', async (_name, made, want) => expect(await targets(made)).toEqual(want));
});

describe('a machine that is looked for by name', () => {
  it('is the only one that is asked', async () => {
    const asked: string[] = [];
    const search = await find('WEB', [{ name: 'web' }, { name: 'db', isSilent: true }], asked);
    expect(search).toMatchObject({
      outcome: 'found',
      machine: { routes: [{ endpoint: { path: '/run/100.sock' } }] },
      warnings: [],
    });
    expect(asked).toEqual(['web']);
  });

  it('is not the only one that is asked where the kernel does not say whose a socket is', async () => {
    const asked: string[] = [];
    await findMonitor('web', listing([{ name: 'web' }, { name: 'db' }], asked), { env: {} }, () => false);
    expect(asked).toEqual(['web', 'db']);
  });

  it('is never one in a container, which is not asked: it could take its time', async () => {
    const asked: string[] = [];
    const made = [{ name: 'web', authority: 'other' as const }];
    expect(await find('web', made, asked)).toMatchObject({ outcome: 'unknown' });
    expect(asked).toEqual([]);
  });

  it('is one of two, and neither is chosen', async () => {
    const means = ['vsock-mux/run/100.sock', 'vsock-mux/run/101.sock'];
    expect(await find('web', [{ name: 'web' }, { name: 'web' }])).toMatchObject({
      outcome: 'ambiguous',
      means,
    });
  });

  it('does not answer, and the reason is named', async () => {
    const problem = 'the Firecracker of pid 100 could not be asked: no answer within 5 s';
    expect(await find('web', [{ name: 'web', isSilent: true }])).toMatchObject({
      outcome: 'unavailable',
      problem,
    });
  });

  it('may be one that does not answer: the other is not taken for it', async () => {
    const search = await find('web', [{ name: 'web' }, { name: 'web', isSilent: true }]);
    const hint = 'type "vsock-mux/run/100.sock" for the one that answers';
    expect(search).toMatchObject({ outcome: 'unavailable', hint });
  });

  it('is named in the warning that it did not answer', async () => {
    const { warnings } = await listing([{ name: 'web', isSilent: true }])({ env: {} });
    expect(warnings).toMatchObject([{ code: 'TIMEOUT', machine: 'web' }]);
  });

  it('is unknown, and the others are named without being asked', async () => {
    const asked: string[] = [];
    expect(await find('wbe', [{ name: 'web' }], asked)).toMatchObject({ outcome: 'unknown', known: ['web'] });
    expect(asked).toEqual([]);
  });
});

it('one in a container has less time for its answer than all have together', async () => {
  const limits: unknown[] = [];
  const made = [{ name: 'web' }, { name: 'db', authority: 'other' as const }];
  await listing(made, [], limits)({ env: {}, timeoutMs: 10_000 });
  expect(limits).toEqual([10_000, 400]);
});
