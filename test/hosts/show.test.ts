import { describe, expect, it } from 'vitest';
import { type DiffLine, lineDiff, shortDiff, showPlan } from '../../src/hosts/show.js';
import { fakeIo } from '../helpers/fake-io.js';

const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
const side = (diff: readonly DiffLine[], sign: '-' | '+') =>
  text(diff.flatMap(([each, line]) => (each === ' ' || each === sign ? [line] : [])));
const count = (diff: readonly DiffLine[]) => diff.filter(([sign]) => sign !== ' ').length;

it('says of a change that install leaves to the user that it does', async () => {
  const io = fakeIo();
  const change = { path: '/m', before: 'a\n', after: 'b\n', mode: 0o600, byHand: 'is read-only' };
  const files = { own: '/o', state: '/s', main: '/m', include: ['o'] };
  expect(await showPlan({ changes: [change], files }, io)).toBe(1);
  expect(io.stderr.join('')).toBe('vmssh: "/m" is read-only: this change is left to you\n');
});

describe('a diff of lines', () => {
  it.each([
    { name: 'of the same', a: ['x', 'y'], b: ['x', 'y'], edits: 0 },
    { name: 'of nothing', a: [], b: [], edits: 0 },
    { name: 'to something', a: [], b: ['x', 'y'], edits: 2 },
    { name: 'to nothing', a: ['x', 'y'], b: [], edits: 2 },
    { name: 'in the middle', a: ['a', 'b', 'c'], b: ['a', 'B', 'c'], edits: 2 },
    { name: 'with lines that come twice', a: ['a', '', 'b', '', 'c'], b: ['a', '', 'c', ''], edits: 3 },
    { name: 'of lines that changed their order', a: ['a', 'b', 'c', 'd'], b: ['d', 'a', 'b', 'c'], edits: 2 },
  ])('$name is one of the shortest', ({ a, b, edits }) => {
    const diff = lineDiff(text(a), text(b));
    expect([side(diff, '-'), side(diff, '+'), count(diff)]).toEqual([text(a), text(b), edits]);
  });

  const hosts = Array.from({ length: 10_000 }, (_, i) => [`Host m${i}`, '    ProxyUseFdpass yes']).flat();
  const changed = hosts.map((line, i) => (i % 100 === 0 ? `${line}-new` : line)).toSpliced(7000, 3);

  it('of 20,000 lines shows what changed, without memory for each pair of them', () => {
    const before = process.memoryUsage().arrayBuffers;
    const diff = lineDiff(text(hosts), text(changed));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6);
    expect([side(diff, '-'), side(diff, '+')]).toEqual([text(hosts), text(changed)]);
    expect(count(diff)).toBeLessThan(450);
  });

  it('of which many are added at one place shows only those', () => {
    const added = Array.from({ length: 5000 }, (_, i) => `Host new${i}`);
    const diff = lineDiff(text(hosts), text(hosts.toSpliced(7000, 0, ...added)));
    expect([side(diff, '-'), count(diff)]).toEqual([text(hosts), 5000]);
  });

  it.each([
    { name: 'that share nothing', line: (i: number) => `x${i}` },
    { name: 'that come often', line: (i: number) => `${i % 7}` },
    { name: 'of another order', line: (i: number) => hosts[hosts.length - 1 - i] ?? '' },
    { name: 'that are unique only further in', line: (i: number) => hosts[i ^ 1] ?? '' },
  ])('of 20,000 lines $name is complete', ({ line }) => {
    const other = hosts.map((_, i) => line(i));
    const diff = lineDiff(text(hosts), text(other));
    expect([side(diff, '-'), side(diff, '+')]).toEqual([text(hosts), text(other)]);
  });
});

describe('a short diff', () => {
  it('has some lines around each change, and a sign for what is left out', () => {
    const before = text(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
    const short = shortDiff(lineDiff(before, before.replace('5', 'five')), 1);
    expect(short.map((line) => line.join(''))).toEqual([' …', ' 4', '-5', '+five', ' 6', ' …']);
  });
});
