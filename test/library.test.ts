import { expect, it } from 'vitest';
import { ConnectError, connect, list, parseTarget, probe, resolve } from '../src/index.js';

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
  for (const call of [connect, resolve, probe]) {
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
  { options: null, says: 'the options are an object, not null' },
  {
    options: { sources: 'libvirt' },
    says: 'the option sources is a list of names of sources, not "libvirt"',
  },
  { options: { sources: ['lima', ''] }, says: 'not ["lima", ""]' },
  { options: { sources: ['lima', 'x\n'] }, says: 'there is no source "x\\x0a"' },
])('list refuses $options', async ({ options, says }) => {
  const error = await list(any(options)).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({ code: 'USAGE', problem: expect.stringContaining(says) });
});

it('a port that was typed is one', async () => {
  await expect(connect('ssh://unix/no/such:5000000000')).rejects.toMatchObject({ code: 'USAGE' });
});
