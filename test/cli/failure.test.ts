import { expect, it } from 'vitest';
import { failureOf } from '../../src/cli/failure.js';

it('an interruption is no bug', () => {
  const interrupted = new AbortController();
  interrupted.abort();
  expect(failureOf(interrupted.signal.reason, { program: 'vmssh' })).toEqual({
    message: 'interrupted',
    hint: undefined,
    exitCode: 130,
    stack: [],
    json: { code: 'INTERRUPTED', problem: 'interrupted', hint: undefined },
  });
});

it('anything else that is not known is one', () => {
  for (const error of [new Error('x'), new TypeError('x'), 'x', undefined])
    expect(failureOf(error, { program: 'vmssh' })).toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/^a bug in vmssh: /),
    });
});
