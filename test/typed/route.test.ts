import { describe, expect, it } from 'vitest';
import { parseTarget, resolveTarget } from '../../src/kinds/kinds.js';
import { type Guid, vmIds } from '../../src/typed/numbers.js';
import { type Endpoint, formatEndpoint } from '../../src/typed/route.js';
import { execOf } from '../connect/exec/container.js';

const serviceId = '00000016-facb-11e6-bd58-64006a7986d3' as Guid;

describe('formatEndpoint', () => {
  it.each<{ want: string; endpoint: Endpoint }>([
    { want: 'unix:/run/x', endpoint: { family: 'unix', path: '/run/x' } },
    { want: 'unix:./a%b', endpoint: { family: 'unix', path: './a%b' } },
    { want: 'vsock:3:4294967294', endpoint: { family: 'vsock', cid: 3, port: 4294967294 } },
    { want: 'vsock-mux:/run/a:1:22', endpoint: { family: 'vsock-mux', path: '/run/a:1', port: 22 } },
    {
      want: `hvsock:${vmIds.LOOPBACK}:${serviceId}`,
      endpoint: { family: 'hyper-v', vmId: vmIds.LOOPBACK, serviceId },
    },
  ])('$want leads to the same endpoint again', async ({ want, endpoint }) => {
    expect(formatEndpoint(endpoint)).toBe(want);
    const platform = endpoint.family === 'hyper-v' ? 'win32' : 'linux';
    const options = { text: want, port: 22, env: {}, exists: () => false } as const;
    const { routes } = await resolveTarget(parseTarget(want), { ...options, platform });
    expect(routes.map((each) => each.endpoint)).toEqual([endpoint]);
  });

  it.each<{ want: string; host: string }>([
    { want: 'tcp:192.0.2.1:22', host: '192.0.2.1' },
    { want: 'tcp:[2001:db8::1]:22', host: '2001:db8::1' },
    { want: 'tcp:web.example:22', host: 'web.example' },
  ])('$want', ({ want, host }) => {
    expect(formatEndpoint({ family: 'tcp', host, port: 22 })).toBe(want);
  });

  it('shows the words of a program', () =>
    expect(formatEndpoint(execOf('podman', 'web'))).toBe(
      'exec:podman --syslog=false exec --interactive --user=0 -- web',
    ));
});
