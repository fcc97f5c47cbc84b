import { getEventListeners } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as library from '../src/index.js';
import { ConnectError, connect, list, parseTarget, probe, resolve, start, watch } from '../src/index.js';
import { useSource, useTempDir } from './helpers/temp-dir.js';

const dir = useTempDir();

// As JavaScript passes them.
const any = (value: unknown) => value as never;

it.each([
  { name: 'no target', target: undefined, says: 'the target is a text, not undefined' },
  { name: 'a target that is no text', target: { host: 'x' }, says: 'the target is a text, not object' },
  { name: 'options that are none', options: null, says: 'the options are an object, not null' },
  {
    name: 'a port below 0',
    options: { port: -1 },
    says: 'the option port is a whole number from 0 to 4294967294, not -1',
  },
  {
    name: 'a port in a text',
    options: { port: '22' },
    says: 'the option port is a whole number from 0 to 4294967294, not "22"',
  },
  {
    name: 'a timeout that is no number',
    options: { timeout: 'x' },
    says: 'the option timeout is a number of milliseconds, more than 0, not "x"',
  },
  { name: 'no time', options: { timeout: 0 }, says: 'more than 0, not 0' },
  {
    name: 'no number',
    options: { wait: Number.NaN },
    says: 'the option wait is a number of milliseconds, not NaN',
  },
  { name: 'more than a timer takes', options: { wait: Number.POSITIVE_INFINITY }, says: 'not Infinity' },
  { name: 'a route that is none', options: { routes: ['ip', 'x\n'] }, says: 'not ["ip", "x\\x0a"]' },
  { name: 'no signal', options: { signal: true }, says: 'the option signal is an AbortSignal, not true' },
])('$name is refused with what was expected and what came', async (row) => {
  const asked = 'target' in row ? row.target : 'unix/nothing/there';
  const options = 'options' in row ? row.options : {};
  for (const call of [connect, resolve, probe, start]) {
    const error = await call(any(asked), any(options)).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      op: 'parse',
      code: 'USAGE',
      problem: expect.stringContaining(row.says),
    });
    expect(error.hint).toEqual(expect.any(String));
  }
});

it.each([
  { call: connect, name: 'timout' },
  { call: resolve, name: 'Port' },
  { call: probe, name: 'sources' },
])('an option that $call.name does not know is refused: $name', async ({ call, name }) => {
  const error = await call('unix/nothing/there', any({ [name]: 1 })).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'USAGE', problem: `there is no option "${name}"` });
  expect(error.hint).toBe('the options are port, timeout, wait, signal, routes, user');
});

it('what is not known of a target is not in its resolution', async () => {
  expect(Object.keys(await resolve('vsock/3'))).toEqual(['target', 'endpoint', 'steps']);
});

it('parseTarget refuses what is no text', () => {
  expect(() => parseTarget(any(undefined))).toThrow(ConnectError);
  expect(parseTarget('vsock/3')).toEqual({ kind: 'vsock', cid: 3 });
});

it('what is right reaches the connect', async () => {
  const options = { port: 22, timeout: 1000, signal: new AbortController().signal };
  await expect(connect('unix/nothing/there', options)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('a bare name is no target', () => {
  expect(() => parseTarget('mint')).toThrow(/unknown kind of target/);
});

it.each([
  [null, 'the options are an object, not null'],
  [{ sources: 'libvirt' }, 'the option sources is a list of names of sources, not "libvirt"'],
  [{ source: ['lima'] }, 'there is no option "source"'],
  [{ sources: ['lima', ''] }, 'not ["lima", ""]'],
  [{ sources: ['lima', 'x\n'] }, 'there is no source "x\\x0a"'],
])('list refuses $0', async (options, says) => {
  const error = await list(any(options)).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({ code: 'USAGE', problem: expect.stringContaining(says) });
});

it('a port that was typed is one', async () => {
  await expect(connect('ssh://unix/no/such:5000000000')).rejects.toMatchObject({ code: 'USAGE' });
});

it("probe's time is for the sources too", async () => {
  useSource(join(dir, 'home'), 'hangs', 'exec sleep 60');
  const { signal } = new AbortController();
  const error = await probe('mint-of-none', { timeout: 300, signal }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'TIMEOUT', target: 'mint-of-none' });
  expect(error.problem).toContain('within 0.3 s');
  // A signal may be that of many calls.
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('exports these names', () => {
  const names = ['ConnectError', 'connect', 'list', 'parseTarget', 'probe', 'resolve', 'start', 'watch'];
  expect(Object.keys(library).toSorted()).toEqual(names);
});

/** A source of one machine, which is up once this file is there. */
function useBox(name: string): string {
  const home = join(dir, name);
  const up = join(home, 'up');
  const row = (status: string) => ({
    name: 'web',
    status,
    routes: [{ command: ['/bin/sh', '-c', 'echo SSH-2.0-x; exec cat'] }],
  });
  const shown = (status: string) => `echo '${JSON.stringify({ version: 1, machines: [row(status)] })}'`;
  const script = `
[ "$1" = start ] && exec touch ${up}
[ -e ${up} ] && ${shown('running')} || ${shown('off')}`;
  useSource(home, 'box', script, { start: true });
  return up;
}

it('start starts a machine that is off, and resolves once its banner comes', async () => {
  const up = useBox('start');
  await expect(start('box/nope')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(connect('box/web')).rejects.toMatchObject({ hint: expect.stringContaining('start') });
  expect(existsSync(up)).toBe(false);
  const listeners = process.listenerCount('SIGINT');
  const started = start('box/web');
  expect(process.listenerCount('SIGINT')).toBe(listeners);
  await started;
  expect(existsSync(up)).toBe(true);
  await start('box/web');
});

it('start rejects with the reason of its signal', async () => {
  useBox('aborted');
  const reason = new RangeError('enough');
  await expect(start('box/web', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

it('watch yields the list, and each change of it, until its signal is aborted', async () => {
  const up = useBox('watch');
  const end = new AbortController();
  const seen: (readonly string[])[] = [];
  for await (const { machines } of watch({ sources: ['box'], every: 1, signal: end.signal })) {
    seen.push(machines.map(({ status }) => status));
    if (seen.length === 1) writeFileSync(up, '');
    else end.abort();
  }
  expect(seen).toEqual([['off'], ['running']]);
});

it.each([{ every: -1 }, { every: '1' }, { user: 'x' }])('watch refuses %j', async (options) => {
  await expect(watch(any(options)).next()).rejects.toMatchObject({ code: 'USAGE' });
});
