import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../../../build/bundle/bundle.js';
import { buildEngineProgram } from '../../../build/engine/build.js';
import { imageMark } from '../../../build/engine/chunks.js';
import { lacks } from '../../helpers/programs.js';
import { engineProgram, executable, isSanitized, outcome, run, runtime } from '../../helpers/run.js';

/** main.ts, built twice. AddressSanitizer watches libc's memory, so that there no program has an image. */
const plain = engineProgram('plain');
const program = isSanitized ? undefined : engineProgram('image');
const programs = [
  { name: 'with an image', program },
  { name: 'without one', program: plain },
].filter((each) => each.program !== undefined);

describe.skipIf(program === undefined ? 'no executable' : lacks('g++'))('an image', () => {
  it('is in the executable, and in the program of this test', () => {
    expect(wordsOfImage(executable)).toBeGreaterThan(10_000);
    expect(wordsOfImage(program)).toBeGreaterThan(10_000);
    expect(wordsOfImage(plain)).toBe(0);
  });

  it('holds what the modules made, as if they had just made it', async () => {
    const want = await run([`${plain}`, 'values']);
    expect(want).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('"made":3') });
    expect(await run([`${program}`, 'values'])).toEqual(want);
  });

  it('is made of nothing that differs between processes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vmssh-image-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const build = buildEngineProgram(join(root, 'test/engine/image/asks.ts'), join(folder, 'asks'), {
      image: true,
    });
    await expect(build).rejects.toThrow('environment of engine:system was called before atStart');
  });
});

describe.skipIf(programs.length === 0).each(programs)('a start $name', ({ program }) => {
  const ask = async (subject: string, ...rest: string[]) => {
    const { stdout, ...end } = await run([`${program}`, subject, ...rest]);
    expect(end).toEqual({ code: 0, signal: null, stderr: '' });
    return JSON.parse(stdout);
  };

  it('has random numbers of its own', async () => {
    const all: number[] = [...(await ask('random')), ...(await ask('random'))];
    expect(new Set(all).size).toBe(8);
    expect(all.every((each) => each >= 0 && each < 1)).toBe(true);
  });

  it('has the time of its own', async () => {
    const before = Date.now();
    const { uptime, date } = await ask('clock');
    expect(date).toBeGreaterThanOrEqual(before);
    expect(uptime).toBeGreaterThanOrEqual(0);
    expect(uptime).toBeLessThan(25);
  });

  it('makes no code of a text', async () => {
    expect(await ask('source text')).toContain('eval is not supported');
  });

  it('has the words, the environment and the folder of its own', async () => {
    const child = spawn(`${program}`, ['process', 'a', 'b c'], {
      cwd: '/',
      env: { HOME: '/here' },
      argv0: 'called',
    });
    const { stdout } = await outcome(child);
    const want = { rest: ['a', 'b c'], argv0: 'called', home: '/here', cwd: '/', pid: child.pid };
    expect(JSON.parse(stdout)).toEqual(want);
  });

  it('gives its environment on', async () => {
    const { stdout } = await run([`${program}`, 'a child'], { env: { ...process.env, MARK: 'given' } });
    expect(JSON.parse(stdout)).toBe('given\n');
  });

  it.each(['recursion', 'recursion in a promise'])('has its own bounds of the stack: %s', async (name) => {
    expect(await ask(name)).toBe('RangeError: Maximum call stack size exceeded');
    const limited = ['sh', '-c', 'ulimit -s 512 && exec "$@"', 'sh', `${program}`, name];
    expect(await run(limited)).toMatchObject({ code: 0, stdout: expect.stringContaining('RangeError') });
  });

  // AddressSanitizer and QEMU need more themselves.
  it.skipIf(isSanitized || runtime === 'arm64')('needs no more memory than it uses', async () => {
    const limited = ['sh', '-c', 'ulimit -v 24000 && exec "$@"', 'sh', `${program}`, 'random'];
    expect(await run(limited)).toMatchObject({ code: 0, stderr: '' });
  });
});

/** How many words the image of a program has; native/engine/image/image_linux.cpp reads them. */
function wordsOfImage(path = ''): number {
  const file = readFileSync(path);
  return Number(file.readBigUInt64LE(file.indexOf(imageMark) + imageMark.length));
}
