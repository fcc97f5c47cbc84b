import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/base/errors.js';
import { type AddonState, attempt } from '../../src/base/native.js';
import { openConnection } from '../../src/connect/open.js';
import { vmIds } from '../../src/typed/numbers.js';
import { type Endpoint, formatEndpoint } from '../../src/typed/route.js';
import { refusing } from '../helpers/expected.js';
import { listening } from '../helpers/sockets/servers.js';
import { fakeAddon } from './fake-addon.js';
import { openers, unix } from './openers.js';
import { SocketFolder } from './socket-folder.js';

const vsock: Endpoint = { family: 'vsock', cid: 42, port: 4294967294 };
const hyperV: Endpoint = { family: 'hyper-v', vmId: vmIds.LOOPBACK, serviceId: vmIds.ZERO };
const options = { timeoutMs: 20_000 };

describe('without the addon', () => {
  const missing = attempt(() => {
    throw new Error(
      'cannot load it; tried:\n  /first/path.node: no such file\n  /second/path.node: wrong ELF',
    );
  });

  it.each([vsock, hyperV])('$family says what is missing and where it was looked for', async (endpoint) => {
    const failure = openConnection(endpoint, { ...options, env: { PATH: '/proc/none' } }, () => missing);
    const tried = 'cannot load it; tried: /first/path.node: no such file /second/path.node: wrong ELF';
    await expect(failure).rejects.toMatchObject({
      name: 'ConnectError',
      op: 'connect',
      code: 'NO_ADDON',
      problem: expect.stringMatching(new RegExp(`^${endpoint.family} needs the native addon.*\\. ${tried}$`)),
      message: expect.stringMatching(/^cannot connect to "[^"]+": \P{Cc}*$/u),
      hint: expect.stringContaining('g++'),
    });
    expect(await failure.catch(exitCodeOf)).toBe(1);
  });

  const mux: Endpoint = { family: 'vsock-mux', path: '/run/v', port: 22 };
  it.each([hyperV, mux, unix('C:/x.sock')])('$family says so on Windows, with its fix', async (endpoint) => {
    await expect(openConnection(endpoint, options, () => missing, 'win32')).rejects.toMatchObject({
      code: 'NO_ADDON',
      hint: 'install it again: npm install vmssh',
    });
  });

  it.each(['darwin', 'win32'] as const)('a vsock on %s has nothing else to open it', async (platform) => {
    const { hint } = { darwin: { hint: 'g++' }, win32: { hint: 'npm install vmssh' } }[platform];
    await expect(openConnection(vsock, options, () => missing, platform)).rejects.toMatchObject({
      ...{ code: 'NO_ADDON', final: true, hint: expect.stringContaining(hint) },
      problem: expect.stringMatching(/^vsock needs the native addon\. cannot load it; tried: /),
    });
  });

  it('TCP is opened on Windows too', async () => {
    const port = await listening(createServer((socket) => socket.end('SSH-2.0-tcp\r\n')));
    const endpoint: Endpoint = { family: 'tcp', host: '127.0.0.1', port };
    const connection = await openConnection(endpoint, options, () => missing, 'win32');
    expect(Buffer.from(await connection.peek(12, 100, 20_000)).toString()).toBe('SSH-2.0-tcp\r\n');
    connection.close();
  });

  it('a machine behind another hypervisor is reached by ssh', async () => {
    const endpoint: Endpoint = { family: 'via', host: 'hv1', target: 'web', port: 22 };
    const env = { VMSSH_SSH: '/proc/none/ssh' };
    await expect(openConnection(endpoint, { ...options, env }, () => missing)).rejects.toMatchObject({
      ...{ code: 'NO_SSH', target: formatEndpoint(endpoint) },
    });
  });

  it('a path over 107 bytes is refused, not cut', async () => {
    const folder = new SocketFolder();
    try {
      const room = 107 - Buffer.byteLength(`${folder.path}/`);
      const path = await folder.listen((socket) => socket.destroy(), 'a'.repeat(room));
      expect(Buffer.byteLength(path)).toBe(107);
      for (const family of ['unix', 'vsock-mux'] as const) {
        const endpoint = { family, path: `${path}b`, port: 22 };
        const failure = openConnection(endpoint, options, () => missing);
        await expect(failure).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
      }
    } finally {
      folder.stop();
    }
  });
});

describe('with an addon', () => {
  it('passes it the address and the time', async () => {
    const fake = fakeAddon();
    const connection = await openConnection(vsock, options, fake.native);
    expect(connection.endpoint).toBe(vsock);
    const [{ address, timeoutMs } = expect.unreachable()] = fake.connects;
    expect(address).toEqual({ family: 'vsock', cid: 42, port: 4294967294 });
    expect(timeoutMs).toBe(20_000);
    await openConnection(vsock, { timeoutMs: 0.4 }, fake.native);
    expect(fake.connects[1]?.timeoutMs).toBe(1);
  });

  it.each([
    { name: 'a multiplexer by its unix socket', endpoint: { family: 'vsock-mux', path: '/v', port: 22 } },
    { name: 'a unix socket', endpoint: { family: 'unix', path: '/v' } },
  ] as const)('opens $name', async ({ endpoint }) => {
    const fake = fakeAddon({ code: 'ENOENT' });
    await expect(openConnection(endpoint, options, fake.native)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(fake.connects.map(({ address }) => address)).toEqual([{ family: 'unix', path: '/v' }]);
  });

  it('opens TCP by an address', async () => {
    const fake = fakeAddon();
    await openConnection({ family: 'tcp', host: '2001:db8::1', port: 22 }, options, fake.native);
    expect(fake.connects[0]?.address).toEqual({ family: 'inet', host: '2001:db8::1', port: 22 });
  });

  it('cancels on an abort', async () => {
    const abort = new AbortController();
    const fake = fakeAddon('pending', () => setImmediate(() => abort.abort()));
    const opening = openConnection(vsock, { ...options, signal: abort.signal }, fake.native);
    const failure = await opening.catch((error) => error);
    expect(failure).toMatchObject({ op: 'connect', code: 'INTERRUPTED', target: formatEndpoint(vsock) });
    expect(exitCodeOf(failure)).toBe(130);
    expect(fake.calls).toEqual(['cancel']);
  });

  it('opens nothing after an abort', async () => {
    const fake = fakeAddon();
    const signal = AbortSignal.abort();
    const opening = openConnection(vsock, { ...options, signal }, fake.native);
    await expect(opening).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(fake.connects).toEqual([]);
  });

  it('closes what opened just when the abort came', async () => {
    const abort = new AbortController();
    const fake = fakeAddon('handle', () => queueMicrotask(() => abort.abort()));
    const opening = openConnection(vsock, { ...options, signal: abort.signal }, fake.native);
    await expect(opening).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(fake.calls).toEqual(['close']);
  });

  it.each([vsock, { family: 'tcp', host: '127.0.0.1', port: 22 } as const])(
    'leaves what is open to an abort: $family',
    async (endpoint) => {
      const abort = new AbortController();
      const fake = fakeAddon();
      await openConnection(endpoint, { ...options, signal: abort.signal }, fake.native);
      abort.abort();
      expect(fake.calls).toEqual([]);
    },
  );

  it('says what an error without a code says', async () => {
    const opening = openConnection(vsock, options, fakeAddon({ code: undefined }).native);
    await expect(opening).rejects.toMatchObject(refusing('UNKNOWN', /: below$/));
  });

  it.each([
    { elevated: true, hyperVAdministrator: false, want: /^in an elevated terminal: vmssh service register/ },
    { elevated: false, hyperVAdministrator: true, want: /^in an elevated terminal: vmssh service register/ },
    { elevated: false, hyperVAdministrator: false, want: /^join Hyper-V Administrators/ },
    { elevated: undefined, hyperVAdministrator: undefined, want: /^join Hyper-V Administrators/ },
  ])(
    'has the fix for what this user may do: $elevated, $hyperVAdministrator',
    async ({ want, ...rights }) => {
      const { elevated, hyperVAdministrator } = rights;
      const has = elevated === undefined ? undefined : { elevated, hyperVAdministrator };
      const { addon } = fakeAddon({ code: 'WSAEACCES' }).native();
      const native = () => ({ addon: { ...addon, hyperVRights: () => has } }) as AddonState;
      await expect(openConnection(hyperV, options, native)).rejects.toMatchObject({
        ...{ code: 'WSAEACCES', final: true, hint: expect.stringMatching(want) },
      });
    },
  );

  it('names a code that no table knows', async () => {
    const opening = openConnection(vsock, options, fakeAddon({ code: 'EWHATEVER' }).native);
    const want = { code: 'EWHATEVER', problem: 'the system says EWHATEVER', hint: undefined };
    await expect(opening).rejects.toMatchObject(want);
  });
});

describe.each(openers)('TCP $how', ({ skip, native }) => {
  const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-tcp\r\n'));
  const tcp = (): Endpoint => {
    const { port } = server.address() as AddressInfo;
    return { family: 'tcp', host: '127.0.0.1', port };
  };
  beforeEach(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
  });

  it.skipIf(skip)('reaches a server', async () => {
    const connection = await openConnection(tcp(), options, native);
    expect(Buffer.from(await connection.peek(12, 100, 20_000)).toString()).toBe('SSH-2.0-tcp\r\n');
    connection.close();
  });

  it.skipIf(skip)('reaches it by a name, which is looked up', async () => {
    const connection = await openConnection({ ...tcp(), host: '127.1' } as Endpoint, options, native);
    expect(Buffer.from(await connection.peek(12, 100, 20_000)).toString()).toBe('SSH-2.0-tcp\r\n');
    connection.close();
  });

  it.skipIf(skip)('says that nothing listens', async () => {
    const endpoint = tcp();
    server.close();
    await once(server, 'close');
    await expect(openConnection(endpoint, options, native)).rejects.toMatchObject(
      refusing('ECONNREFUSED', /^nothing listens on tcp:127\.0\.0\.1:\d+ \(ECONNREFUSED\)$/),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
});

describe.each(openers)('unix $how', ({ skip, native }) => {
  it.skipIf(skip)('reports an abort that came before as an interruption, without a connect', async () => {
    const folder = new SocketFolder();
    const accepted: unknown[] = [];
    const path = await folder.listen((socket) => accepted.push(socket));
    const signal = AbortSignal.abort();
    const opening = openConnection(unix(path), { ...options, signal }, native);
    await expect(opening).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const next = await openConnection(unix(path), options, native);
    await expect.poll(() => accepted.length).toBe(1);
    next.close();
    folder.stop();
  });
});
