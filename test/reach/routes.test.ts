import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConnectError } from '../../src/base/errors.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import { allFailed } from '../../src/reach/all-failed.js';
import { type ReachOptions, reach } from '../../src/reach/reach.js';
import type { Reachable } from '../../src/sources/source.js';
import { type Endpoint, type Route, routeBy } from '../../src/typed/route.js';
import { fakeAddon } from '../connect/fake-addon.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const root = useTempDir();
const tempDir = () => mkdtempSync(`${root}/`);

type Served = (socket: Socket) => void;
const sshd: Served = (socket) => void socket.write('SSH-2.0-real\r\n');
const silent: Served = () => {};
const closes: Served = (socket) => void socket.end();
const web: Served = (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
/** A multiplexer that grants every port, and has what `served` says behind it. */
const mux =
  (served: Served): Served =>
  (socket) =>
    void socket.once('data', () => {
      socket.write('OK 1073741824\n');
      served(socket);
    });

/** A route to a unix socket: nothing listens there without `served`. */
async function route(name: string, served?: Served, family: 'unix' | 'vsock-mux' = 'unix') {
  const path = `${tempDir()}/${name}`;
  const endpoint: Endpoint = family === 'unix' ? { family, path } : { family, path, port: 22 };
  const seen: Socket[] = [];
  if (served) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      seen.push(socket);
      socket.on('error', () => {});
      served(socket);
    });
    await new Promise<void>((done) => server.listen(path, done));
    onTestFinished(() => {
      for (const socket of seen) socket.destroy();
      server.close();
    });
  }
  return { ...routeBy(endpoint, [name]), path, seen };
}

function nobodyKnows(): never {
  throw new ConnectError('resolve', 'machine/web', { code: 'NOT_FOUND', problem: 'nobody knows it' });
}

/** Reaches a machine with these routes, by names that differ from those of their sockets if `names` has them. */
async function reached(
  [first, ...others]: readonly Route[],
  more: Partial<ReachOptions> & { readonly machine?: Partial<Reachable>; readonly home?: string } = {},
) {
  const { machine, home = tempDir(), ...options } = more;
  if (!first) throw new TypeError('a machine has a first route');
  const steps: string[] = [];
  const resolution: Reachable = { steps: [], routes: [first, ...others], ...machine };
  const end = await reach(
    { text: 'machine/web', target: parseTarget('machine/web') },
    {
      ...{ port: 22, timeoutMs: 5000, env: { HOME: home }, platform: 'linux', ...options },
      resolve: async () => resolution,
      trace: (step, outcome) => step === 'route' && steps.push(outcome),
    },
  ).then(
    (result) => {
      onTestFinished(() => result.connection.close());
      return { result, error: undefined };
    },
    (error: ConnectError) => ({ result: undefined, error }),
  );
  return { ...end, steps, home };
}

/** That it was reached by this route. */
function expectRoute({ result, error }: Awaited<ReturnType<typeof reached>>, { endpoint }: Route): void {
  expect(error).toBeUndefined();
  expect(result?.connection.endpoint).toEqual(endpoint);
}

const read = async ({ result }: Awaited<ReturnType<typeof reached>>) =>
  Buffer.from((await result?.connection.read(100)) ?? []).toString();

describe('a machine with one route', () => {
  it('is opened without waiting for a banner, and nothing is remembered', async () => {
    const only = await route('only', silent);
    const done = await reached([only]);
    expectRoute(done, only);
    expect(done.steps).toEqual([]);
    expect(existsSync(`${done.home}/.local`)).toBe(false);
  });

  it.each<{ name: string; options: Partial<ReachOptions> }>([
    { name: 'a time that was given', options: { untilBanner: true } },
    { name: '--route', options: { routes: ['export'] } },
    { name: '--route with one that it does not have', options: { routes: ['vsock', 'export'] } },
  ])('has to send its banner in time with $name', async ({ options }) => {
    const { error } = await reached([await route('silent', silent)], { ...options, timeoutMs: 300 });
    expect(error).toMatchObject({ op: 'handshake', code: 'NO_BANNER', reason: 'silent' });
    expect(error?.problem).toMatch(/^connected, but no SSH banner came in 0\.\d+ s$/);
    const done = await reached([await route('works', sshd)], options);
    expect(await read(done)).toBe('SSH-2.0-real\r\n');
    expect(existsSync(`${done.home}/.local`)).toBe(false);
  });

  it('is opened without a banner if nobody looks for one', async () => {
    const { path } = await route('only', mux(silent), 'vsock-mux');
    const only = routeBy({ family: 'vsock-mux', path, port: 22 });
    expectRoute(await reached([only], { untilBanner: false, routes: ['vsock-mux'] }), only);
  });

  it('is not asked for the banner of another port: its server may wait for the client', async () => {
    const { path } = await route('only', mux(silent), 'vsock-mux');
    const only = routeBy({ family: 'vsock-mux', path, port: 8080 });
    for (const options of [{ untilBanner: true }, { routes: ['vsock-mux'] as const }])
      expectRoute(await reached([only], { ...options, port: 8080 }), only);
  });
});

describe('of several routes', () => {
  it('the first is used if it answers, and the banner is left for ssh', async () => {
    const [first, second] = [await route('first', sshd), await route('second', sshd)];
    const done = await reached([first, second]);
    expectRoute(done, first);
    expect(await read(done)).toBe('SSH-2.0-real\r\n');
    expect(second.seen).toEqual([]);
    expect(existsSync(`${done.home}/.local/state/vmssh/routes.json`)).toBe(false);
  });

  it.each<{ name: string; first?: Served; family?: 'vsock-mux'; why: RegExp }>([
    { name: 'refuses', why: /^export: no socket at/ },
    { name: 'is silent', first: silent, why: /^export: connected, but no SSH banner came in 1\.\d+ s$/ },
    { name: 'closes', first: closes, why: /^export: the connection was closed before a banner came$/ },
    { name: 'is a web server', first: web, why: /^export: something answers, but/ },
    {
      name: 'is a silent multiplexer',
      first: mux(silent),
      family: 'vsock-mux',
      why: /^vsock-mux: connected, but/,
    },
    { name: 'is a multiplexer that never answers', first: silent, family: 'vsock-mux', why: /^vsock-mux: / },
  ])('the next is used if the first $name', async ({ first, family, why }) => {
    const bad = await route('bad', first, family);
    const good = await route('good', mux(sshd), 'vsock-mux');
    const done = await reached([bad, good], { timeoutMs: 3000 });
    expectRoute(done, good);
    expect(await read(done)).toBe('SSH-2.0-real\r\n');
    expect(done.steps).toEqual([expect.stringMatching(why), `next: vsock-mux, vsock-mux:${good.path}:22`]);
  });

  it('that all fail, each has its reason, and the fix is of the one that got furthest', async () => {
    const refuses = await route('refuses');
    const quiet = await route('quiet', mux(closes), 'vsock-mux');
    const { error } = await reached([refuses, quiet], { timeoutMs: 3000 });
    expect(error).toMatchObject({ op: 'handshake', code: 'NO_BANNER', reason: 'closed' });
    expect(error?.problem).toMatch(
      /^export: no socket at .*; vsock-mux: the connection was closed before a banner came$/,
    );
    expect(error?.hint).toContain('sshd gave up');
  });

  it('a failure of the only one is as that of one route, also if no other source has one', async () => {
    const refuses = await route('refuses');
    const { error } = await reached([refuses], { machine: { joined: async () => [] } });
    expect(error?.problem).not.toMatch(/^export:/);
    expect(error).toMatchObject({ op: 'connect', code: 'ENOENT' });
  });

  it('with --wait the whole list is tried again', async () => {
    const first = await route('first');
    const second = await route('second', closes);
    let listed = 0;
    const third = await route('third', sshd);
    const joined = async () => (listed++ === 0 ? [second] : [second, third]);
    const done = await reached([first], { waitMs: 20_000, machine: { joined } });
    expectRoute(done, third);
    expect(listed).toBe(2);
  });

  it('with --wait a slow machine gets more time with each try', async () => {
    const slow = await route('slow', (socket) => void setTimeout(() => sshd(socket), 300));
    expectRoute(await reached([slow], { timeoutMs: 100, waitMs: 20_000 }), slow);
  });

  it('those that only other sources have are tried after all others, and not asked for before', async () => {
    const [first, second] = [await route('first'), await route('second', sshd)];
    let asked = 0;
    const joined = async () => {
      asked++;
      return [first, third];
    };
    const third = await route('third', mux(sshd), 'vsock-mux');
    expect((await reached([second, first], { machine: { joined } })).error).toBeUndefined();
    expect(asked).toBe(0);
    const done = await reached([first, await route('gone', undefined, 'vsock-mux')], { machine: { joined } });
    expectRoute(done, third);
    expect(done.steps).toHaveLength(4);
    expect(asked).toBe(1);
  });

  it('an IP address is not one of them unless it is asked for', async () => {
    const refuses = await route('refuses');
    const server = createServer((socket) => sshd(socket.on('error', () => {})));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const askIp = async () => routeBy({ family: 'tcp', host: '127.0.0.1', port });
    expect((await reached([refuses], { machine: { askIp } })).error).toMatchObject({ code: 'ENOENT' });
    const done = await reached([refuses], { machine: { askIp }, routes: ['export', 'ip'] });
    expect(done.result?.connection.endpoint).toMatchObject({ family: 'tcp', port });
    const forPort = await reached([refuses], { machine: { askIp }, routes: ['ip'], port: 2222 });
    expect(forPort.error).toMatchObject({ code: 'NO_PORT' });
  });

  it('an IP address is asked for only after those before it have failed', async () => {
    const refuses = await route('refuses');
    const first = await route('first', sshd);
    const askIp = async () => {
      asked++;
      return nobodyKnows();
    };
    let asked = 0;
    const done = await reached([first], { machine: { askIp }, routes: ['export', 'ip'] });
    expectRoute(done, first);
    expect(asked).toBe(0);
    const { error } = await reached([refuses], { machine: { askIp }, routes: ['export', 'ip'] });
    expect(error?.problem).toMatch(/^export: no socket at .*; ip: nobody knows it$/);
    expect((await reached([first], { machine: { askIp }, routes: ['ip'] })).error).toMatchObject({
      problem: 'nobody knows it',
    });
    const after = await reached([first], { machine: { askIp }, routes: ['ip', 'export'] });
    expectRoute(after, first);
    expect(asked).toBe(3);
  });

  it('asking for an IP address is part of the time for all', async () => {
    const given: (number | undefined)[] = [];
    const askIp = async (leftMs?: number) => {
      given.push(leftMs);
      return nobodyKnows();
    };
    for (const routes of [['ip'], ['export', 'ip']] as const)
      for (const timeoutMs of [1000, 10_000])
        await reached([await route('refuses')], { machine: { askIp }, routes, timeoutMs });
    const [short = 0, long = 0, shortAfter = 0, longAfter = 0] = given;
    expect([short, shortAfter].every((each) => each <= 500)).toBe(true);
    expect([long, longAfter].every((each) => each <= 8000)).toBe(true);
    expect([short > 250, long > 4000, longAfter > 1000]).toEqual([true, true, true]);
  });
});

/** On a slow disk the file is written after the login goes on. */
function kept(file: string): { readonly version: number; readonly routes: object } | undefined {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

describe('the route that worked last time', () => {
  it('is tried first, until it fails or the first one works again', async () => {
    const home = tempDir();
    const file = `${home}/.local/state/vmssh/routes.json`;
    const bad = await route('bad', mux(closes), 'vsock-mux');
    const good = await route('good', sshd);
    await reached([bad, good], { home });
    await expect.poll(() => kept(file)).toEqual({ version: 1, routes: { 'machine/web': 'export' } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    const again = await reached([bad, good], { home });
    expect(again.steps).toEqual(['export first: it worked last time']);
    expect(bad.seen).toHaveLength(1);
    const repaired = await route('repaired', mux(sshd), 'vsock-mux');
    const gone = await route('gone');
    const last = await reached([repaired, gone], { home });
    expectRoute(last, repaired);
    await expect.poll(() => kept(file)).toEqual({ version: 1, routes: {} });
  });

  it.each([
    ['not JSON', '{'],
    ['another version', '{"version":2,"routes":{"machine/web":"export"}}'],
    ['routes that are none', '{"version":1,"routes":{"machine/web":"\\u001b]0;x","__proto__":"export"}}'],
    ['no routes', '{"version":1,"routes":[["machine/web","export"]]}'],
    ['a megabyte', `{"version":1,"routes":{"machine/web":"export"}}${' '.repeat(1 << 20)}`],
  ])('is as unknown if the file has %s', async (_name, content) => {
    const home = tempDir();
    writeTree(home, { '.local/state/vmssh/routes.json': content });
    const [first, second] = [await route('first', mux(sshd), 'vsock-mux'), await route('second', sshd)];
    const done = await reached([first, second], { home });
    expectRoute(done, first);
    expect(done.steps).toEqual([]);
  });

  it('is kept of the last hundred targets, whatever else the file had', async () => {
    const home = tempDir();
    mkdirSync(`${home}/.local/state/vmssh`, { recursive: true });
    const old = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`machine/m${i}`, 'exec']));
    const file = `${home}/.local/state/vmssh/routes.json`;
    writeFileSync(file, JSON.stringify({ version: 1, routes: old }));
    await reached([await route('bad', mux(closes), 'vsock-mux'), await route('good', sshd)], { home });
    const names = () => Object.keys(kept(file)?.routes ?? {});
    await expect.poll(names).toHaveLength(100);
    expect(names().at(-1)).toBe('machine/web');
  });

  it('costs nothing if the file cannot be written', async () => {
    const home = tempDir();
    writeFileSync(`${home}/.local`, 'a file where the folder would be');
    const good = await route('good', sshd);
    const done = await reached([await route('bad', mux(closes), 'vsock-mux'), good], { home });
    expectRoute(done, good);
  });
});

describe('a port that no route has', () => {
  it('has --route ip in its hint if the machine has an IP address that was not asked for', async () => {
    const only = await route('only', sshd);
    const other = await route('other', sshd);
    const askIp = async () => nobodyKnows();
    const hint =
      /^--route ip for the port of its IP address, use port 22, its SSH server .*, or .*vmssh ssh -L 8080:/;
    const port = { port: 8080, machine: { askIp } };
    expect((await reached([only, other], port)).error?.hint).toMatch(hint);
    expect((await reached([only, other], { port: 8080 })).error?.hint).not.toContain('--route');
    expect((await reached([only], { ...port, routes: ['export'] })).error?.hint).not.toContain('--route');
  });
});

describe('a chosen route', () => {
  it('is the only one that is tried', async () => {
    const [first, second] = [await route('first', sshd), await route('second', mux(sshd), 'vsock-mux')];
    const done = await reached([first, second], { routes: ['vsock-mux'] });
    expectRoute(done, second);
    expect(first.seen).toEqual([]);
    const refused = await reached([await route('bad'), second], { routes: ['export'] });
    expect(refused.error).toMatchObject({ code: 'ENOENT' });
  });

  it('that the machine does not have is an error that names those it has', async () => {
    const [first, second] = [await route('first', sshd), await route('second', mux(sshd), 'vsock-mux')];
    const { error } = await reached([first, second], { routes: ['exec', 'ip'] });
    expect(error).toMatchObject({
      ...{ op: 'resolve', code: 'NOT_FOUND' },
      problem: 'it has no route exec or ip: it has export and vsock-mux',
      hint: expect.stringContaining('--route export or --route vsock-mux'),
    });
  });

  it.each(['export,export', 'export,ip,export'])(
    'that is asked for twice is tried once: %s',
    async (typed) => {
      const first = await route('first', closes);
      const other = await route('other', mux(closes), 'vsock-mux');
      const askIp = async () => nobodyKnows();
      await reached([first, other], { machine: { askIp }, routes: typed.split(',') as ('export' | 'ip')[] });
      await expect.poll(() => first.seen).toHaveLength(1);
    },
  );

  it('of two is tried in the order they were asked for', async () => {
    const [first, second] = [await route('first', sshd), await route('second', mux(sshd), 'vsock-mux')];
    const done = await reached([first, second], { routes: ['vsock-mux', 'export'] });
    expectRoute(done, second);
  });
});

describe('the failure of all routes', () => {
  const of = (code: string, final: boolean) => ({
    name: code,
    error: new ConnectError('connect', 't', { code, final, problem: code }),
  });
  it.each([
    { failed: [of('A', true), of('B', true)], want: true },
    { failed: [of('A', true), of('B', false)], want: false },
    { failed: [of('A', false), of('B', true)], want: false },
    { failed: [of('A', true)], want: true },
  ])('is final if that of each is: $want', ({ failed, want }) => {
    expect(allFailed(failed).final).toBe(want);
  });

  it('is that of a machine that could not be started, without another try', async () => {
    const { native, connects } = fakeAddon({ code: 'ETIMEDOUT' });
    const recheck = () =>
      Promise.reject(new ConnectError('connect', 't', { code: 'NOT_STARTED', final: true, problem: 'no' }));
    const routes = [await route('first'), await route('other')];
    const { error } = await reached(routes, { machine: { recheck }, native });
    expect(error).toMatchObject({ code: 'NOT_STARTED' });
    expect(connects).toHaveLength(1);
  });
});

describe('a machine that ends again and again', () => {
  const machine = { trouble: { problem: 'it ended and was restarted 12 times', hint: 'see its log' } };
  const want = {
    problem: expect.stringMatching(/; it ended and was restarted 12 times$/),
    hint: expect.stringMatching(/; see its log$/),
  };

  it('is said to, if nothing listens', async () => {
    const { error } = await reached([await route('gone')], { machine });
    expect(error).toMatchObject({ code: 'ENOENT', ...want });
  });

  it('is said to, if no banner comes', async () => {
    const silent = await route('closes', (socket) => socket.end());
    const { error } = await reached([silent], { machine, waitMs: 1 });
    expect(error).toMatchObject({ code: 'NO_BANNER', ...want });
  });
});

describe('a machine whose socket nothing serves', () => {
  const mint = {
    ...({ name: 'mint', target: 'qemu/mint', provider: 'libvirt', status: 'running' } as const),
    uuid: '83055167-4a13-0eb1-c290-e328df73ee72',
  };
  const vsock = routeBy({ family: 'vsock', cid: 3, port: 22 });
  const ip = routeBy({ family: 'tcp', host: '127.0.0.1', port: 1 });

  it.each<{ name: string; code?: string; machine?: Reachable['machine']; only?: Route; want?: RegExp }>([
    {
      name: 'is set up through its manager',
      want: /^once it has booted: vmssh setup machine\/web; or use --wait /,
    },
    { name: 'may lack the driver', code: 'ETIMEDOUT', want: /: vmssh setup machine\/web; or / },
    { name: 'is on a host without vsock', code: 'EAFNOSUPPORT' },
    { name: "is another user's", machine: { ...mint, authority: 'other' } },
    { name: "is another hypervisor's", machine: { ...mint, via: 'hv1' } },
    { name: 'has no UUID, by which its agent is asked', machine: { ...mint, uuid: undefined } },
    { name: 'has no manager', machine: { ...mint, provider: 'qemu' } },
    { name: 'is reached by a network, as its manager goes in', code: 'ECONNREFUSED', only: ip },
  ])('$name', async ({ code = 'ECONNRESET', machine = mint, only = vsock, want = /^(?!.*vmssh setup)/ }) => {
    const { error } = await reached([only], { machine: { machine }, native: fakeAddon({ code }).native });
    expect(error?.hint).toMatch(want);
  });
});
