import { describe, expect, it } from 'vitest';
import { cidOf, parseProgress } from '../../../src/guest/run/progress.js';

describe('lines of a script', () => {
  it.each([
    {
      line: 'ok       transport     virtio; the CID is 61',
      want: { state: 'ok', step: 'transport', message: 'virtio; the CID is 61' },
    },
    { line: 'end      0             done\r', want: { state: 'end', step: '0', message: 'done' } },
    {
      line: 'fix      privsep       mkdir /run/sshd',
      want: { state: 'fix', step: 'privsep', message: 'mkdir /run/sshd' },
    },
    { line: 'Last login: today', want: undefined },
    { line: 'ok', want: undefined },
    { line: '', want: undefined },
  ])('$line', ({ line, want }) => expect(parseProgress(line)).toEqual(want));

  it.each([
    { message: 'x; the CID is 61', cid: 61 },
    { message: 'x; the CID reads as "any"', cid: undefined },
    { message: 'x; the CID is 1', cid: undefined },
    { message: 'the CID is 61 or so', cid: undefined },
  ])('the CID of "$message"', ({ message, cid }) =>
    expect(cidOf([{ state: 'ok', step: 's', message }])).toBe(cid),
  );
});
