import { describe, expect, it } from 'vitest';
import { parseTarget, type Target } from '../../../src/kinds/kinds.js';
import { findMachine } from '../../../src/sources/find.js';
import type { HyperVMachine } from '../../../src/sources/hyper-v/hyper-v.js';
import { hyperVOf, resolveHyperVId } from '../../../src/sources/hyper-v/source.js';
import { DiscoveryError, type Source } from '../../../src/sources/source.js';
import type { WslState } from '../../../src/sources/wsl/wsl.js';
import { wslOf } from '../../../src/sources/wsl/wsl.js';
import type { Guid } from '../../../src/typed/numbers.js';
import { byFirstRoute } from '../resolved.js';

const mint = '86e0c1e9-782c-47e0-b7c2-99f8167f5178' as Guid;
const other = '00112233-4455-6677-8899-aabbccddeeff' as Guid;
const running = (name: string, id = mint): HyperVMachine => ({ id, name, status: 'running' });

const context = (text: string, port = 22) => ({
  ...({ text, port, env: {}, platform: 'win32', exists: () => false } as const),
});

/** Resolves on a Windows with these machines, one list after the other. */
function windows(lists: readonly (readonly HyperVMachine[] | Error)[]) {
  const left = [...lists];
  const machines = async () => {
    const next = left.shift() ?? [];
    if (next instanceof Error) throw next;
    return next;
  };
  const effects = { machines, addresses: async () => [] };
  const resolve = async (text: string, port = 22) => {
    const target = parseTarget(text) as Extract<Target, { kind: 'hyper-v' }>;
    const found =
      'vmId' in target
        ? await resolveHyperVId(target.vmId, context(text, port), effects)
        : await findMachine([async () => hyperVOf(effects)], target.name, context(text, port));
    return byFirstRoute(found);
  };
  return { resolve, listsLeft: () => left.length };
}

const serviceId = '00000016-facb-11e6-bd58-64006a7986d3';
const endpoint = (vmId: Guid) => ({ family: 'hyper-v', vmId, serviceId });

describe('the IP address of a Hyper-V machine', () => {
  const ipOf = async (addresses: readonly string[]) => {
    const effects = { machines: async () => [], addresses: async () => addresses };
    return (await resolveHyperVId(mint, context('hyper-v/mint'), effects)).askIp?.();
  };

  it('is the first that the guest reported', async () => {
    expect(await ipOf(['172.20.1.5', '2001:db8::5'])).toMatchObject({
      endpoint: { family: 'tcp', host: '172.20.1.5', port: 22 },
    });
  });

  it('that it did not report is an error with the service that does', async () => {
    await expect(ipOf([])).rejects.toMatchObject({
      ...{ op: 'resolve', code: 'NOT_FOUND', problem: 'Hyper-V has no IP address for it' },
      hint: expect.stringContaining('hyperv-daemons'),
    });
  });
});

describe('hyper-v/NAME', () => {
  it.each(['hyper-v/Mint', 'hyper-v/mint', 'hyper-v%MINT'])('%s finds Mint', async (text) => {
    const { resolve } = windows([[running('Mint'), running('Win11', other)]]);
    expect(await resolve(text)).toMatchObject({ endpoint: endpoint(mint) });
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
    [[running('Win11')], 'Hyper-V has no machine "mint": found "Win11"'],
    [[], 'Hyper-V has no machine "mint": found none'],
    [[{ ...running('Mint'), status: 'off' as const }], '"Mint" is off'],
  ])('reports that $1', async (machines, problem) => {
    const { resolve } = windows([machines]);
    await expect(resolve('hyper-v/mint')).rejects.toMatchObject({ code: 'NOT_FOUND', problem });
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
    const fix = { hint: 'join them', final: true };
    const { resolve } = windows([new DiscoveryError('NO_RIGHTS', 'not you', fix)]);
    await expect(resolve('hyper-v/mint')).rejects.toMatchObject({ code: 'NO_RIGHTS', ...fix });
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

const vmId = '0d7a3f3e-90f5-4a2c-8b1c-2f3f5d9c1e77' as Guid;

function resolve(
  name: string,
  distros: readonly string[],
  state: WslState | Error,
  port = 22,
  running: readonly string[] = [],
  meanwhile: readonly string[] = [name],
) {
  let up = running;
  const wsl = wslOf({
    list: async (_deps, version) =>
      (version ? ['Old'] : distros).map((each) => ({ name: each, running: up.includes(each) })),
    ask: async (asked) => {
      up = [...running, ...meanwhile.map((each) => (each === name ? asked : each))];
      if (state instanceof Error) throw state;
      return state;
    },
  });
  return findMachine([async () => wsl as Source], name, context(`wsl/${name}`, port)).then(byFirstRoute);
}
const ready = { vmId, systemd: true, ports: [22] };

describe('wsl/DISTRO', () => {
  it.each(['Debian', 'debian'])('%s leads to the virtual machine of WSL', async (name) => {
    const { endpoint: to, recheck } = await resolve(name, ['Debian', 'Ubuntu'], ready);
    expect({ to, recheck }).toEqual({ to: endpoint(vmId), recheck: undefined });
  });

  it('says why nobody listens if systemd does not run', async () => {
    const { recheck } = await resolve('Debian', ['Debian'], { vmId, systemd: false, ports: [] });
    expect(await recheck?.()).toEqual({
      problem: '"Debian" runs without systemd, so nothing listens on its vsock ports',
      hint: expect.stringContaining('[boot] and systemd=true'),
    });
  });

  it.each([
    ['it is not installed', ['Ubuntu'], ready, { code: 'NOT_FOUND' }],
    ['the case decides', ['DEBIAN', 'Debian'], ready, { code: 'AMBIGUOUS' }],
    ['WSL is too old', ['debian'], { vmId: undefined, systemd: true, ports: [] }, { code: 'NOT_FOUND' }],
    ['WSL fails', ['debian'], new DiscoveryError('FAILED', 'no'), { code: 'NOT_FOUND' }],
  ])('is not found if $0', async (_why, distros, state, want) => {
    await expect(resolve('debian', distros, state)).rejects.toMatchObject({ op: 'resolve', ...want });
  });

  it('of WSL1 is named as such', async () => {
    await expect(resolve('old', ['Debian'], ready)).rejects.toMatchObject({
      problem: '"Old" is a distribution of WSL1, which has no machine',
      hint: 'wsl --set-version Old 2',
    });
  });

  const two = ['Debian', 'Ubuntu'];
  it.each([
    { why: 'it runs alone', running: ['Debian'], ports: [] },
    { why: 'another one is off', running: [], ports: [] },
    { why: 'its systemd has the port', running: two, ports: [22, 2222] },
    { why: 'its systemd has the other port', running: two, ports: [2222], port: 2222 },
  ])('is reached if $why', async ({ running, ports, port }) => {
    const { endpoint } = await resolve('Debian', two, { vmId, systemd: true, ports }, port, running);
    expect(endpoint).toMatchObject({ family: 'hyper-v', vmId });
  });

  it.each([
    { why: 'another one was started while it was asked', meanwhile: two, says: /^"Ubuntu" may answer/ },
    { why: 'WSL lists none that runs, not even it', meanwhile: [], says: /^another distribution may answer/ },
  ])('is refused if $why', async ({ meanwhile, says }) => {
    const state = { vmId, systemd: true, ports: [] };
    const refused = { code: 'AMBIGUOUS', problem: expect.stringMatching(says) };
    await expect(resolve('Debian', two, state, 22, [], meanwhile)).rejects.toMatchObject(refused);
  });

  it.each([
    {
      systemd: true,
      hint: /vmssh guest install --port 2222 "wsl\/My Debian", then -p 2222; .*wsl --terminate$/,
    },
    { systemd: false, hint: /systemd=true into \/etc\/wsl\.conf/ },
  ])('is refused while another one may answer at the same address (systemd: $systemd)', async (given) => {
    const state = { vmId, systemd: given.systemd, ports: [2222] };
    await expect(resolve('My Debian', ['My Debian', 'Ubuntu'], state, 22, ['Ubuntu'])).rejects.toMatchObject({
      op: 'resolve',
      code: 'AMBIGUOUS',
      problem: expect.stringMatching(
        /^"Ubuntu" may answer instead: .*"My Debian" does not listen on port 22$/,
      ),
      hint: expect.stringMatching(given.hint),
    });
  });

  it('refuses a port that no service has', async () => {
    await expect(resolve('Debian', ['Debian'], ready, 2 ** 31)).rejects.toMatchObject({ op: 'parse' });
  });
});
