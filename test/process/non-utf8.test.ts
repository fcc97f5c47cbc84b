import { describe, expect, it } from 'vitest';
import { otherBytes } from '../../src/process/non-utf8.js';
import { failing } from '../helpers/expected.js';
import { run, vmssh } from '../helpers/run.js';

const valid = 'é \u{1f600} \ufffd';
const kept =
  (...parts: readonly (string | readonly number[])[]) =>
  () =>
    Buffer.concat(parts.flatMap((part) => [Buffer.from(part as string), Buffer.of(0)]));

describe('bytes that are not UTF-8', () => {
  it.each([
    { name: 'Latin-1', bytes: [0x61, 0xe9], want: 'a\ufffd' },
    { name: 'half a surrogate pair', bytes: [0xed, 0xa0, 0x80], want: '\ufffd\ufffd\ufffd' },
    { name: 'a character that is cut', bytes: [0xf0, 0x9f, 0x92], want: '\ufffd' },
  ])('are found among others: $name', ({ bytes, want }) => {
    expect(otherBytes('/proc/self/cmdline', ['\ufffd'], kept('node', valid, bytes, 'x'))).toBe(want);
  });

  it('are not seen in a U+FFFD that was typed, without one, or without /proc', () => {
    expect(otherBytes('/proc/self/cmdline', [valid], kept('node', valid, '\ufeffx'))).toBeUndefined();
    expect(otherBytes('/proc/self/cmdline', ['x'], kept([0xe9]))).toBeUndefined();
    const none = () => {
      throw new Error('no /proc');
    };
    expect(otherBytes('/proc/self/environ', ['\ufffd'], none)).toBeUndefined();
  });
});

const byNode = vmssh.length > 1 && process.platform === 'linux';

/** Node has read them as U+FFFD before a program of it begins. */
describe.skipIf(!byNode)('on Node such bytes', () => {
  const sh = (line: string) => run(['/bin/sh', '-c', `odd=$(printf 'caf\\351'); ${line}`, 'sh', ...vmssh]);

  it.each([
    { args: 'nc --pipe "unix/run/$odd"', want: 2 },
    { args: 'ssh -i "$odd" unix/run/x', want: 255 },
    { args: 'proxy "unix/run/$odd" 22', want: 2 },
  ])('in an argument are refused: $args', async ({ args, want }) => {
    const { code, stdout, stderr } = await sh(`exec "$@" ${args}`);
    expect({ code, stdout }).toEqual({ code: want, stdout: '' });
    expect(stderr).toMatch(/^vmssh: the argument ".*caf\ufffd" holds bytes that are not UTF-8, .*\nhint: /);
  });

  it('in the environment are refused for a tool that gets it, and nowhere else', async () => {
    const { code, stderr } = await sh('ODD=$odd exec "$@" ssh unix/run/x');
    expect(code).toBe(255);
    expect(stderr).toMatch(/^vmssh: the environment variable "ODD" holds bytes that are not UTF-8, /m);
    expect(await sh('ODD=$odd exec "$@" check --until=resolved unix/run/x')).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('in HOME are refused by config install, which would write to another folder', async () => {
    expect(await sh('HOME=/proc/none/$odd exec "$@" config install --only-patterns')).toMatchObject(
      failing(2, /^vmssh: the path "\/proc\/none\/caf\ufffd\/.*" holds bytes that are not UTF-8, .*\nhint: /),
    );
  });

  it('are none in a U+FFFD that was typed', async () => {
    expect(await run([...vmssh, 'check', '--until=resolved', 'unix/run/\ufffd'])).toMatchObject({ code: 0 });
  });
});
