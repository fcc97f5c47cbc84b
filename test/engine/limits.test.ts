import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engineProgram, isSanitized, run } from '../helpers/run.js';

/** The program of limited/main.ts, made by `node build/engine.js` with limits that are soon reached. */
const program = engineProgram('limited');

// Node has limits of its own.
describe.skipIf(program === undefined)('what a tool or a peer can have the engine do', () => {
  const attempt = (name: string, before: readonly string[] = []) => run([...before, `${program}`, name]);

  it.each([
    ['recursion', /^Uncaught RangeError: Maximum call stack size exceeded\n/],
    ['recursion of promises', /^Uncaught RangeError: Maximum call stack size exceeded\n/],
    ['a JSON text that is nested', /^Uncaught RangeError: Maximum call stack size exceeded\n/],
    ['a regular expression that is nested', /^Uncaught SyntaxError: stack overflow\n/],
    ['memory', /^Stopped: not enough memory\. It may hold 64 MB of values, .* \(ulimit -v\)\n$/],
    ['memory of one text', /^Stopped: not enough memory\. It may hold 64 MB of values, .* \(ulimit -v\)\n$/],
    ['an option that the engine does not know', /^Uncaught TypeError: spawn: .* 'shell'\n/],
  ])('$0 ends with a message', async (name, want) => {
    expect(await attempt(name)).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(want),
    });
  });

  it.each([
    'a regular expression',
    'a regular expression, caught',
    'a regular expression, caught in a promise',
    'a loop in a timer',
  ])('%s without end is stopped, whoever catches errors', async (name) => {
    expect(await attempt(name)).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(/^Stopped: it computed for more than 1 s at a time, .*\n$/),
    });
  });

  it.each([
    { name: 'recursion, caught', want: '"RangeError"\n' },
    { name: 'memory, caught', want: '"InternalError"\n' },
  ])('$name lets the program go on', async ({ name, want }) => {
    expect(await attempt(name)).toEqual({ code: 0, signal: null, stdout: want, stderr: '' });
  });

  it.each([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000])(
    'a module that is read with %i bytes left ends with a message',
    async (bytes) => {
      const { signal, stderr } = await run([`${program}`, 'a module, with bytes left', `${bytes}`]);
      expect([signal, stderr]).toEqual([null, expect.stringMatching(/^Stopped: .*memory.*\n$/)]);
    },
  );

  it('the addon throws for lack of memory, and lets the program go on', async () => {
    const { code, signal, stdout, stderr } = await attempt('calls of the addon, with bytes left');
    expect([code, signal, stderr]).toEqual([0, null, '']);
    expect(Number(stdout)).toBeGreaterThan(0);
  });

  it('an answer for which no memory is left ends with a message', async () => {
    const { code, signal, stderr } = await attempt('an answer, with no memory left');
    expect([code, signal, stderr]).toEqual([
      1,
      null,
      expect.stringMatching(/^Stopped: not enough memory.*\n$/),
    ]);
  });

  // AddressSanitizer itself needs more.
  it.skipIf(isSanitized).each([256, 1024, 4096, 8192, 65536])(
    'a stack of %i KiB, partly used by the environment, causes no crash',
    async (kib) => {
      // The kernel takes a quarter of the stack for both, and at most 128 KiB for one.
      const count = Math.min(15, Math.floor(kib / 4 / 120));
      const long = Array.from({ length: count }, (_, index) => [`LONG${index}`, 'x'.repeat(100 << 10)]);
      const env = { ...Object.fromEntries(long), PATH: process.env.PATH };
      const limit = ['sh', '-c', `ulimit -s ${kib} && exec "$@"`, 'sh'];
      const { code, signal, stderr } = await run([...limit, `${program}`, 'recursion'], { env });
      expect([code, signal, stderr.split('\n', 1)[0]]).toEqual([
        1,
        null,
        'Uncaught RangeError: Maximum call stack size exceeded',
      ]);
    },
  );
});

describe.skipIf(program === undefined)('getent, which asks whatever the host is configured to ask', () => {
  const answer = async (script: string, name: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'vmssh-t-'));
    try {
      writeFileSync(join(folder, 'getent'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
      return await run([`${program}`, name], { env });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const ended = (code: string) => ({
    code: 0,
    signal: null,
    stdout: `${JSON.stringify(code)}\n`,
    stderr: '',
  });

  it('has 5 s for a user', async () => {
    expect(await answer('exec sleep 60', 'the user')).toEqual(ended('ERR_SYSTEM_ERROR'));
  });

  it.each([
    { name: 'the user', want: 'ERR_SYSTEM_ERROR' },
    { name: 'a name of the network', want: 'EAI_AGAIN' },
  ])('that prints without end is ended: $name', async ({ name, want }) => {
    expect(await answer('exec yes 192.0.2.1', name)).toEqual(ended(want));
  });

  it.each([
    { script: 'exit 2', want: 'ENOTFOUND' },
    { script: 'exit 1', want: 'EAI_AGAIN' },
    { script: 'echo "192.0.2.1 STREAM"', want: 'nothing was thrown' },
  ])('$script is $want', async ({ script, want }) => {
    expect(await answer(script, 'a name of the network')).toEqual(ended(want));
  });
});
