import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/endpoint.js';
import { resolveTarget } from '../../src/kinds/kinds.js';
import { parseTarget } from '../../src/kinds/parse.js';
import { firstRoute } from '../../src/reach/routes.js';
import { routeBy } from '../../src/route.js';
import { parseGuid } from '../../src/target/guid.js';
import { serviceIdOfPort } from '../../src/target/numbers.js';
import { atPort, requirePort } from '../../src/target/port.js';

const vmId = parseGuid('01234567-89ab-cdef-0123-456789abcdef') ?? expect.unreachable();
const unix: Endpoint = { family: 'unix', path: '/run/x' };
const exec = (into: 'shell' | 'port', port: number): Endpoint => ({
  family: 'exec',
  command: ['podman', 'exec', 'web'],
  machine: 'web',
  into,
  port,
});

describe('a port', () => {
  it.each<{ name: string; endpoint: Endpoint; port: number }>([
    { name: "vsock's", endpoint: { family: 'vsock', cid: 3, port: 5000 }, port: 5000 },
    { name: "a multiplexer's", endpoint: { family: 'vsock-mux', path: '/v', port: 0 }, port: 0 },
    { name: "TCP's", endpoint: { family: 'tcp', host: 'web', port: 2222 }, port: 2222 },
    { name: "Hyper-V's", endpoint: { family: 'hyper-v', vmId, serviceId: serviceIdOfPort(80) }, port: 80 },
    {
      name: "another hypervisor's",
      endpoint: { family: 'via', host: 'h', target: 'mint', port: 80 },
      port: 80,
    },
    { name: "a program's", endpoint: exec('port', 80), port: 80 },
    { name: 'the SSH server that a program starts', endpoint: exec('shell', 22), port: 22 },
  ])('is the one that was asked for: $name', ({ endpoint, port }) => {
    expect(() => requirePort(endpoint, port, 'mint')).not.toThrow();
  });

  const own = (port: number) => `its address names port ${port}: 5000 cannot be reached`;
  it.each<{ name: string; endpoint: Endpoint; problem: string }>([
    { name: 'a unix socket', endpoint: unix, problem: 'this socket has no ports: 5000 cannot be reached' },
    {
      name: 'a unix socket of another hypervisor',
      endpoint: {
        family: 'via',
        host: 'h',
        target: 'unix/run/x',
        port: 5000,
        at: { family: 'unix', path: '/x' },
      },
      problem: 'this socket has no ports: 5000 cannot be reached',
    },
    { name: 'a vsock address', endpoint: { family: 'vsock', cid: 3, port: 80 }, problem: own(80) },
    { name: 'a multiplexer', endpoint: { family: 'vsock-mux', path: '/v', port: 80 }, problem: own(80) },
    { name: 'a forwarded port', endpoint: { family: 'tcp', host: '::1', port: 2222 }, problem: own(2222) },
    { name: 'a port of a program', endpoint: exec('port', 80), problem: own(80) },
    {
      name: 'a program that starts sshd',
      endpoint: exec('shell', 22),
      problem: 'podman starts its SSH server only: port 5000 cannot be reached',
    },
    {
      name: 'a Hyper-V service',
      endpoint: { family: 'hyper-v', vmId, serviceId: vmId },
      problem: 'its address names another service: port 5000 cannot be reached',
    },
  ])('that is not there is refused: $name', ({ endpoint, problem }) => {
    expect(() => requirePort(endpoint, 5000, 'mint')).toThrow(
      expect.objectContaining({ op: 'connect', target: 'mint', code: 'NO_PORT', problem }),
    );
  });

  it.each([
    [5000, "use port 22, its SSH server, or for its TCP port: vmssh ssh -L 5000:127.0.0.1:5000 'a b'"],
    [0, 'use port 22, its SSH server'],
    [65536, 'use port 22, its SSH server'],
  ])('$0 has a hint', (port, hint) => {
    expect(() => requirePort(unix, port, 'a b')).toThrow(expect.objectContaining({ hint }));
  });

  it.each<{ name: string; endpoint: Endpoint; want: object }>([
    { name: 'a vsock', endpoint: { family: 'vsock', cid: 3, port: 22 }, want: { cid: 3, port: 5000 } },
    { name: 'a multiplexer', endpoint: { family: 'vsock-mux', path: '/v', port: 22 }, want: { port: 5000 } },
    {
      name: 'its IP address',
      endpoint: { family: 'tcp', host: '192.0.2.1', port: 22 },
      want: { host: '192.0.2.1', port: 5000 },
    },
    {
      name: 'a program that takes a port',
      endpoint: { ...exec('port', 22), command: ['virtctl', 'vmi/web', '22'] } as Endpoint,
      want: { command: ['virtctl', 'vmi/web', '5000'], port: 5000 },
    },
  ])('is reached by a listed route that leads to any: $name', ({ endpoint, want }) => {
    const route = atPort(routeBy(endpoint), 5000);
    expect(route.endpoint).toMatchObject(want);
    expect(() => requirePort(route.endpoint, 5000, 'mint')).not.toThrow();
    expect(atPort(routeBy(endpoint), 22).endpoint).toEqual(endpoint);
  });

  it.each<{ name: string; endpoint: Endpoint }>([
    { name: 'a forwarded port', endpoint: { family: 'tcp', host: '127.0.0.1', port: 2222 } },
    // Port 5000 of this host would answer.
    { name: 'a port of this host', endpoint: { family: 'tcp', host: '127.0.0.1', port: 22 } },
    { name: 'a vsock port that was named', endpoint: { family: 'vsock', cid: 3, port: 80 } },
    { name: 'a socket', endpoint: unix },
    { name: 'a program that starts sshd', endpoint: exec('shell', 22) },
  ])('is not reached by a listed route that leads to one: $name', ({ endpoint }) => {
    expect(() => requirePort(atPort(routeBy(endpoint), 5000).endpoint, 5000, 'mint')).toThrow(
      expect.objectContaining({ code: 'NO_PORT' }),
    );
  });

  const resolved = async (text: string, port: number) => {
    const machine = await resolveTarget(parseTarget(text), { text, port, env: {}, platform: 'linux' });
    return firstRoute(machine, { text, port });
  };
  it('is judged by what the target resolved to; 22 is always its SSH server', async () => {
    await expect(resolved('unix/run/x', 80)).rejects.toMatchObject({ code: 'NO_PORT' });
    await expect(resolved('vsock:3:80', 81)).rejects.toMatchObject({ code: 'NO_PORT' });
    expect(await resolved('unix/run/x', 22)).toMatchObject({ endpoint: unix });
    expect(await resolved('vsock:3:80', 22)).toMatchObject({ endpoint: { port: 80 } });
  });
});
