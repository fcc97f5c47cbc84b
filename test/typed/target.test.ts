import { describe, expect, it } from 'vitest';
import { split } from '../../src/typed/names.js';
import { nameOf } from '../../src/typed/target.js';

describe('the name in a target', () => {
  it.each([
    { target: { kind: 'machine', name: 'web' }, want: 'web' },
    { target: { kind: 'hyper-v', vmId: 'an-id' }, want: 'an-id' },
    { target: { kind: 'vsock' }, want: '' },
  ])('$target.kind: $want', ({ target, want }) => expect(nameOf(target)).toBe(want));
});

it('a text without a separator is one word', () =>
  expect(split('MiNt')).toEqual({ text: 'MiNt', word: 'mint', separator: '', rest: '' }));
