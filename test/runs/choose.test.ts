import { describe, expect, it } from 'vitest';
import { choose } from './choose.js';
import { runs } from './runs.js';
import type { Run } from './types.js';

const names = ['list', 'list-many', 'listen', 'echo'];
const run: Pick<Run, 'names' | 'options' | 'rest' | 'problem'> = {
  names: { what: 'figure', all: () => names },
  options: {
    quick: { says: '' },
    seconds: { takes: 'N', least: 0, says: '' },
    jobs: { takes: 'N', least: 1, says: '' },
    runtime: { takes: 'NAME', oneOf: ['node', 'executable'], says: '' },
  },
  rest: 'options of vitest',
  problem: ({ quick, write }) => (quick && write ? '--write needs a full run' : undefined),
};
const whole = { names, isWhole: true, rest: [], build: true, write: false, help: false };

it.each([
  { args: '', want: {} },
  { args: 'list', want: { names: ['list', 'list-many'], isWhole: false } },
  { args: 'echo list-many echo', want: { names: ['list-many', 'echo'], isWhole: false } },
  { args: '--quick --seconds 0 --jobs=2', want: { quick: true, seconds: 0, jobs: 2 } },
  { args: '--runtime node --no-build', want: { runtime: 'node', build: false } },
  { args: '--write', want: { write: true } },
  { args: '--', want: {} },
  {
    args: 'echo -- --project !rest-hops -- --write',
    want: { names: ['echo'], isWhole: false, rest: ['--project', '!rest-hops', '--', '--write'] },
  },
  { args: '--quick --write -h', want: { quick: true, write: true, help: true } },
])('$args', ({ args, want }) => {
  expect(choose(run, names, words(args))).toEqual({ ...whole, ...want });
});

it.each([
  { args: 'lis', says: 'no figure "lis": one of list, list-many, listen, echo' },
  { args: '--seconds 1.5', says: '--seconds "1.5" is not a whole number from 0' },
  { args: '--seconds=-1', says: '--seconds "-1" is not a whole number from 0' },
  { args: '--jobs 0', says: '--jobs "0" is not a whole number from 1' },
  { args: '--runtime deno', says: '--runtime "deno" is not one of node, executable' },
  { args: '--quick --write', says: '--write needs a full run' },
  { args: '--fast', says: "Unknown option '--fast'" },
])('$args: $says', ({ args, says }) => {
  expect(() => choose(run, names, words(args))).toThrow(says);
});

it('a run without names takes none, and without a rest nothing is passed on', () => {
  expect(() => choose({ options: {} }, undefined, ['list'])).toThrow("Unexpected argument 'list'");
  expect(() => choose({ options: {} }, undefined, ['--', '--project'])).toThrow('Unexpected argument');
});

it('names that are parts of others are taken as they are', () => {
  const parts = { names: { what: 'part' }, options: {} };
  expect(choose(parts, undefined, ['relay'])).toEqual({ ...whole, names: ['relay'], isWhole: false });
});

describe.each(runs)('$name', (each) => {
  it.each(Object.keys(each.examples))('%s', async (example) => {
    const args = words(example.replaceAll("'", ''));
    expect(choose(each, await each.names?.all?.(), args).build).toBe(true);
  });

  it('what it writes is asked for by its command', async () => {
    expect(choose(each, await each.names?.all?.(), words(each.writeArgs)).write).toBe(true);
  });

  it.each(
    [
      { args: '--write', run: 'fuzz', says: '--write needs --keep' },
      { args: '--input file', run: 'fuzz', says: '--input needs exactly one target' },
      { args: '--write --quick', run: 'stress', says: '--write needs a full run, on both runtimes' },
      { args: '--write --runtime node', run: 'stress', says: '--write needs a full run, on both runtimes' },
      { args: '--write addon', run: 'sanitize', says: '--write needs a full run' },
      { args: '--write -- --project rest', run: 'sanitize', says: '--write needs a full run' },
      { args: '--write relay', run: 'analysis', says: '--write needs a full run' },
    ].filter(({ run }) => run === each.name),
  )('$args: $says', async ({ args, says }) => {
    const all = await each.names?.all?.();
    expect(() => choose(each, all, words(args))).toThrow(says);
  });
});

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}
