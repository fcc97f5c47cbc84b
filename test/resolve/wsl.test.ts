import { describe, expect, it } from 'vitest';
import type { Guid } from '../../src/address/guid.js';
import { DiscoveryError } from '../../src/discovery/discovery-error.js';
import type { WslState } from '../../src/discovery/wsl/wsl.js';
import { resolveWsl } from '../../src/resolve/wsl.js';

const vmId = '0d7a3f3e-90f5-4a2c-8b1c-2f3f5d9c1e77' as Guid;

function resolve(
  name: string,
  distros: readonly string[],
  state: WslState | Error,
  port = 22,
  running: readonly string[] = [],
) {
  const context = { text: `wsl/${name}`, port, env: {}, platform: 'win32' as const, exists: () => false };
  return resolveWsl(name, context, {
    list: async () => distros.map((each) => ({ name: each, running: running.includes(each) })),
    ask: async () => {
      if (state instanceof Error) throw state;
      return state;
    },
  });
}
const ready = { vmId, systemd: true, ports: [22] };

describe('wsl/DISTRO', () => {
  it.each(['Debian', 'debian'])('%s leads to the virtual machine of WSL', async (name) => {
    const { endpoint, recheck } = await resolve(name, ['Debian', 'Ubuntu'], ready);
    const serviceId = '00000016-facb-11e6-bd58-64006a7986d3';
    expect({ endpoint, recheck }).toEqual({
      endpoint: { family: 'hyper-v', vmId, serviceId },
      recheck: undefined,
    });
  });

  it('says why nobody listens if systemd does not run', async () => {
    const { recheck } = await resolve('Debian', ['Debian'], { vmId, systemd: false, ports: [] });
    expect(await recheck?.()).toEqual({
      problem: '"Debian" runs without systemd, so nothing listens on its vsock ports',
      hint: expect.stringContaining('[boot] and systemd=true'),
    });
  });

  it.each([
    { why: 'it is not installed', distros: ['Ubuntu'], state: ready, want: { code: 'NOT_FOUND' } },
    { why: 'the case decides', distros: ['DEBIAN', 'Debian'], state: ready, want: { code: 'AMBIGUOUS' } },
    {
      why: 'WSL is too old',
      distros: ['debian'],
      state: { vmId: undefined, systemd: true, ports: [] },
      want: { code: 'NOT_FOUND' },
    },
    {
      why: 'WSL fails',
      distros: ['debian'],
      state: new DiscoveryError('FAILED', 'no'),
      want: { code: 'NOT_FOUND' },
    },
  ])('is not found if $why', async ({ distros, state, want }) => {
    await expect(resolve('debian', distros, state)).rejects.toMatchObject({ op: 'resolve', ...want });
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
    { systemd: true, hint: /vmssh guest install --port 2222 wsl\/Debian, then -p 2222; .*wsl --terminate$/ },
    { systemd: false, hint: /systemd=true into \/etc\/wsl\.conf/ },
  ])('is refused while another one may answer at the same address (systemd: $systemd)', async (given) => {
    const state = { vmId, systemd: given.systemd, ports: [2222] };
    await expect(resolve('Debian', two, state, 22, ['Ubuntu'])).rejects.toMatchObject({
      op: 'resolve',
      code: 'AMBIGUOUS',
      problem: expect.stringMatching(/^"Ubuntu" may answer instead: .*"Debian" does not listen on port 22$/),
      hint: expect.stringMatching(given.hint),
    });
  });

  it('refuses a port that no service has', async () => {
    await expect(resolve('Debian', ['Debian'], ready, 2 ** 31)).rejects.toMatchObject({ op: 'parse' });
  });
});
