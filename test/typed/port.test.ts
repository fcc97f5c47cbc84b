import { describe, expect, it } from 'vitest';
import { parseTarget, resolveTarget } from '../../src/kinds/kinds.js';
import { firstRoute } from '../../src/reach/routes.js';
import { parseGuid, serviceIdOfPort } from '../../src/typed/numbers.js';
import { atPort, requirePort } from '../../src/typed/port.js';
import { type Endpoint, routeBy } from '../../src/typed/route.js';

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
  it.each<[name: string, endpoint: Endpoint, port: number]>([
    ["vsock's", { family: 'vsock', cid: 3, port: 5000 }, 5000],
    ["a multiplexer's", { family: 'vsock-mux', path: '/v', port: 0 }, 0],
    ["TCP's", { family: 'tcp', host: 'web', port: 2222 }, 2222],
    ["Hyper-V's", { family: 'hyper-v', vmId, serviceId: serviceIdOfPort(80) }, 80],
    ["another hypervisor's", { family: 'via', host: 'h', target: 'mint', port: 80 }, 80],
    ["a program's", exec('port', 80), 80],
    ['the SSH server that a program starts', exec('shell', 22), 22],
  ])('is the one that was asked for: $0', (_name, endpoint, port) => {
    expect(() => requirePort(endpoint, port, 'mint')).not.toThrow();
  });

  const own = (port: number) => `its address names port ${port}: 5000 cannot be reached`;
  it.each<[name: string, endpoint: Endpoint, problem: string]>([
    ['a unix socket', unix, 'this socket has no ports: 5000 cannot be reached'],
    [
      'a unix socket of another hypervisor',
      {
        family: 'via',
        host: 'h',
        target: 'unix/run/x',
        port: 5000,
        at: { family: 'unix', path: '/x' },
      },
      'this socket has no ports: 5000 cannot be reached',
    ],
    ['a vsock address', { family: 'vsock', cid: 3, port: 80 }, own(80)],
    ['a multiplexer', { family: 'vsock-mux', path: '/v', port: 80 }, own(80)],
    ['a forwarded port', { family: 'tcp', host: '::1', port: 2222 }, own(2222)],
    ['a port of a program', exec('port', 80), own(80)],
    [
      'a program that starts sshd',
      exec('shell', 22),
      'podman starts its SSH server only: port 5000 cannot be reached',
    ],
    [
      'a Hyper-V service',
      { family: 'hyper-v', vmId, serviceId: vmId },
      'its address names another service: port 5000 cannot be reached',
    ],
  ])('that is not there is refused: $0', (_name, endpoint, problem) => {
    expect(() => requirePort(endpoint, 5000, 'mint')).toThrow(
      expect.objectContaining({ op: 'connect', target: 'mint', code: 'NO_PORT', problem }),
    );
  });

  it.each([
    [5000, /^use port 22, its SSH server \(ssh -p 22, if .*Port .* 5000\), .* -L 5000:127.0.0.1:5000 'a b'$/],
    [0, /^use port 22, its SSH server$/],
    [65536, /^use port 22, its SSH server$/],
  ])('$0 has a hint', (port, hint) => {
    const refused = expect.objectContaining({ hint: expect.stringMatching(hint) });
    expect(() => requirePort(unix, port, 'a b')).toThrow(refused);
  });

  it.each<[name: string, endpoint: Endpoint, want: object]>([
    ['a vsock', { family: 'vsock', cid: 3, port: 22 }, { cid: 3, port: 5000 }],
    ['a multiplexer', { family: 'vsock-mux', path: '/v', port: 22 }, { port: 5000 }],
    ['its IP address', { family: 'tcp', host: '192.0.2.1', port: 22 }, { host: '192.0.2.1', port: 5000 }],
    [
      'a program that takes a port',
      { ...exec('port', 22), command: ['virtctl', 'vmi/web', '22'] } as Endpoint,
      { command: ['virtctl', 'vmi/web', '5000'], port: 5000 },
    ],
  ])('is reached by a listed route that leads to any: $0', (_name, endpoint, want) => {
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
