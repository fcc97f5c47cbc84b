import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/kinds/kinds.js';
import { asTyped } from '../../src/typed/names.js';

describe('asTyped', () => {
  it.each([
    ['nothing else', 'unix/tmp/foo', undefined, 'unix/tmp/foo'],
    ['the case that was typed', 'unix/tmp/foo', 'unix/tmp/Foo', 'unix/tmp/Foo'],
    ['the same', 'vsock/3', 'vsock/3', 'vsock/3'],
    ['what an alias stands for', 'vsock/3', 'web', 'vsock/3'],
    ['what an alias in capitals stands for', 'machine/web', 'WEB', 'machine/web'],
    ['a percent name, whose case ssh keeps', 'unix%tmp%Foo', 'unix%tmp%Foo', 'unix%tmp%Foo'],
    ['the host over an empty name', 'vsock/3', '', 'vsock/3'],
    [
      'letters beyond ASCII as they are, since ssh does not fold them',
      'machine/mü',
      'machine/MÜ',
      'machine/mü',
    ],
    ['ASCII folded next to them', 'machine/mÜ', 'machine/MÜ', 'machine/MÜ'],
    ['no Kelvin sign for a k', 'machine/k', 'machine/\u212a', 'machine/k'],
  ])('gives $0', (_name, host, typed, want) => {
    expect(asTyped(host, typed)).toBe(want);
  });

  it('carries capitals through to the target', () => {
    const text = asTyped('unix/run/foo/bar.sock', 'unix/run/Foo/Bar.sock');
    expect(parseTarget(text)).toEqual({ kind: 'unix', path: '/run/Foo/Bar.sock' });
  });
});
