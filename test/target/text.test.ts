import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/kinds/parse.js';
import { asTyped } from '../../src/target/text.js';

describe('asTyped', () => {
  it.each([
    { name: 'nothing else', host: 'unix/tmp/foo', typed: undefined, want: 'unix/tmp/foo' },
    { name: 'the case that was typed', host: 'unix/tmp/foo', typed: 'unix/tmp/Foo', want: 'unix/tmp/Foo' },
    { name: 'the same', host: 'vsock/3', typed: 'vsock/3', want: 'vsock/3' },
    { name: 'what an alias stands for', host: 'vsock/3', typed: 'web', want: 'vsock/3' },
    {
      name: 'what an alias in capitals stands for',
      host: 'machine/web',
      typed: 'WEB',
      want: 'machine/web',
    },
    {
      name: 'a percent name, whose case ssh keeps',
      host: 'unix%tmp%Foo',
      typed: 'unix%tmp%Foo',
      want: 'unix%tmp%Foo',
    },
    { name: 'the host over an empty name', host: 'vsock/3', typed: '', want: 'vsock/3' },
    {
      name: 'letters beyond ASCII as they are, since ssh does not fold them',
      host: 'machine/mü',
      typed: 'machine/MÜ',
      want: 'machine/mü',
    },
    {
      name: 'ASCII folded next to them',
      host: 'machine/mÜ',
      typed: 'machine/MÜ',
      want: 'machine/MÜ',
    },
    { name: 'no Kelvin sign for a k', host: 'machine/k', typed: 'machine/\u212a', want: 'machine/k' },
  ])('gives $name', ({ host, typed, want }) => {
    expect(asTyped(host, typed)).toBe(want);
  });

  it('carries capitals through to the target', () => {
    const text = asTyped('unix/run/foo/bar.sock', 'unix/run/Foo/Bar.sock');
    expect(parseTarget(text)).toEqual({ kind: 'unix', path: '/run/Foo/Bar.sock' });
  });
});
