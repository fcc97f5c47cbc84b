import { describe, expect, it } from 'vitest';
import type { Guid } from '../../src/address/guid.js';
import { DiscoveryError } from '../../src/discovery/discovery-error.js';
import type { HyperVMachine } from '../../src/discovery/hyper-v/hyper-v.js';
import type { Target } from '../../src/kinds/kinds.js';
import { parseTarget } from '../../src/kinds/parse.js';
import { resolveHyperV } from '../../src/resolve/hyper-v.js';

const mint = '86e0c1e9-782c-47e0-b7c2-99f8167f5178' as Guid;
const other = '00112233-4455-6677-8899-aabbccddeeff' as Guid;
const running = (name: string, id = mint): HyperVMachine => ({ id, name, status: 'running' });

/** Resolves on a Windows with these machines, one list after the other. */
function windows(lists: readonly (readonly HyperVMachine[] | Error)[]) {
  const left = [...lists];
  const list = async () => {
    const next = left.shift() ?? [];
    if (next instanceof Error) throw next;
    return next;
  };
  const resolve = (text: string, port = 22) => {
    const context = { text, port, env: {}, platform: 'win32' as const, exists: () => false };
    return resolveHyperV(parseTarget(text) as Extract<Target, { kind: 'hyper-v' }>, context, list);
  };
  return { resolve, listsLeft: () => left.length };
}

const endpoint = (vmId: Guid) => ({
  family: 'hyper-v',
  vmId,
  serviceId: '00000016-facb-11e6-bd58-64006a7986d3',
});

describe('the IP address of a Hyper-V machine', () => {
  const context = {
    text: 'hyper-v/mint',
    port: 22,
    env: {},
    platform: 'win32' as const,
    exists: () => false,
  };
  const ipOf = async (addresses: readonly string[]) => {
    const target = parseTarget(`hyper-v/${mint}`) as Extract<Target, { kind: 'hyper-v' }>;
    const { askIp } = await resolveHyperV(
      target,
      context,
      async () => [],
      async () => addresses,
    );
    return askIp?.();
  };

  it('is the first that the guest reported', async () => {
    expect(await ipOf(['172.20.1.5', '2001:db8::5'])).toMatchObject({
      endpoint: { family: 'tcp', host: '172.20.1.5', port: 22 },
    });
  });

  it('that it did not report is an error with the service that does', async () => {
    await expect(ipOf([])).rejects.toMatchObject({
      ...{ op: 'resolve', code: 'NOT_FOUND', problem: 'Hyper-V knows no IP address for it' },
      hint: expect.stringContaining('hyperv-daemons'),
    });
  });
});

describe('hyper-v/NAME', () => {
  it.each(['hyper-v/Mint', 'hyper-v/mint', 'hyper-v%MINT'])('%s finds Mint', async (text) => {
    const { resolve } = windows([[running('Mint'), running('Win11', other)]]);
    expect(await resolve(text)).toMatchObject({ endpoint: endpoint(mint) });
  });

  it('finds a name that ssh refuses by its slug', async () => {
    expect(await windows([[running('Windows 11 (dev)')]]).resolve('hyper-v/windows-11-dev')).toMatchObject({
      endpoint: endpoint(mint),
    });
  });

  it('lists the ids of machines of the same name', async () => {
    const { resolve } = windows([[running('Mint'), running('MINT', other)]]);
    await expect(resolve('hyper-v/mint')).rejects.toMatchObject({
      op: 'resolve',
      code: 'AMBIGUOUS',
      hint: expect.stringContaining('vmssh list'),
      problem: `"mint" may be "hyper-v/${mint}" or "hyper-v/${other}"`,
    });
  });

  it.each([
    { machines: [running('Win11')], problem: 'Hyper-V has no machine "mint": found "Win11"' },
    { machines: [], problem: 'Hyper-V has no machine "mint": found none' },
    {
      machines: [{ ...running('Mint'), status: 'off' as const }],
      problem: '"Mint" is off',
    },
  ])('reports that $problem', async ({ machines, problem }) => {
    await expect(windows([machines]).resolve('hyper-v/mint')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      problem,
    });
  });

  it('leads to the machine that has the name now, after two machines swapped theirs', async () => {
    const { resolve } = windows([
      [running('prod'), running('test', other)],
      [running('test'), running('prod', other)],
    ]);
    expect(await resolve('hyper-v/test')).toMatchObject({ endpoint: endpoint(other) });
    expect(await resolve('hyper-v/test')).toMatchObject({ endpoint: endpoint(mint) });
  });

  it('shows what rights are needed', async () => {
    const { resolve } = windows([new DiscoveryError('NO_RIGHTS', 'not you', { hint: 'join them' })]);
    await expect(resolve('hyper-v/mint')).rejects.toMatchObject({ code: 'NO_RIGHTS', hint: 'join them' });
  });

  it('refuses a port that no service has', async () => {
    const { resolve } = windows([[running('Mint')]]);
    await expect(resolve('hyper-v/mint', 2 ** 31)).rejects.toMatchObject({ op: 'parse', code: 'USAGE' });
  });
});

describe('hyper-v/ID', () => {
  it('asks nobody, and reports the state once it does not answer', async () => {
    const { resolve, listsLeft } = windows([[{ ...running('Mint'), status: 'saved' }]]);
    const { endpoint: to, recheck } = await resolve(mint);
    expect({ to, left: listsLeft() }).toEqual({ to: endpoint(mint), left: 1 });
    expect(await recheck?.()).toMatchObject({ problem: '"Mint" is saved' });
  });

  it('leaves the failure as it is if no provider can be asked', async () => {
    const { recheck } = await windows([new Error('no')]).resolve(mint);
    expect(await recheck?.()).toBeUndefined();
  });
});
