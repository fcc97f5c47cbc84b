import { expect, it } from 'vitest';
import { exact } from '../../src/book/identity.js';
import { meantBy, patternsFor, targetsKept } from '../../src/book/spellings.js';
import { matchesPattern } from '../../src/typed/names.js';

const id = '0a1b2c3d-2222-4333-8444-555555555555';

it.each<[name: string, typed: readonly string[], others?: readonly string[]]>([
  [
    'vmssh-qemu%web',
    ['qemu/web', 'qemu%web', 'qemu:session/web'],
    ['qemu/newweb', 'podman/web', 'via/hv1/web'],
  ],
  ['vmssh-qemu-session%web', ['qemu/web', 'qemu:session%web']],
  [`qemu%${exact('Web')}`, ['qemu/web', 'qemu%web']],
  ['vmssh-outside-lab%web', ['lab/web', 'lab%web']],
  [
    `vmssh-${id}`,
    [`qemu/${id}`, `machine%${id.toUpperCase()}`, `podman/${id.replaceAll('-', '')}`],
    ['qemu/x'],
  ],
  [`via%${exact('hv1/far')}`, ['via/hv1/far', 'via%hv1%far', 'via/hv1%far'], ['via/hv2/far']],
  [`via%${exact('hv1/vmssh-qemu%far')}`, ['via/hv1/qemu/far', 'via/hv1/qemu%far']],
  ['via/hv1/lima/x', ['via%hv1/lima%x'], ['via/hv1/lima/y']],
  ['vsock/3', [], ['vsock/3']],
  ['unix%run%x', [], ['unix/run/x']],
  ['via/hv1/vsock/3', [], ['via/hv1/vsock/3']],
  ['web', [], ['web', 'qemu/web']],
  ['qemu/we"b', [], ['qemu/we"b']],
])('a key that is kept as %s is that of %s', (name, typed, others = []) => {
  const patterns = patternsFor(targetsKept(name), false);
  const isOne = (text: string) => patterns.some((each) => matchesPattern(text, each));
  expect([...typed, ...others].filter(isOne)).toEqual(typed);
  expect(patterns.filter((each) => !/^[\w.?*%:/+-]+$/.test(each))).toEqual([]);
});

it('for an ssh that compares letter by letter no capital of its letters is that of another', () => {
  const patterns = patternsFor(['qemu/ab'], true);
  expect(patterns).toEqual(['qemu*/ab', 'qemu*%ab', 'qemu*A*', 'qemu*B*']);
});

it.each([
  ['qemu/*', ['qemu/web', 'qemu%web', 'qemu:session/web', 'QEMU/Web'], ['machine/web']],
  ['qemu:session/*', ['qemu/web']],
  ['qemu/w*', ['qemu/web'], ['qemu/mint']],
  ['via/hv1/*', ['via/hv1/qemu%far', 'via/hv1?far'], ['qemu/web']],
])('the pattern %s means %s', (pattern, targets, others: string[] = []) => {
  expect([...targets, ...others].filter(meantBy([pattern]))).toEqual(targets);
});
