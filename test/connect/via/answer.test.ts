import { expect, it } from 'vitest';
import type { Connection } from '../../../src/connect/connection.js';
import { readAnswer } from '../../../src/connect/via/answer.js';

const marker = 'vmssh-0123';
const after = 'SSH-2.0-x\r\n';

/** A connection whose peer sends `text` in two parts, cut at `cut`, and then ends. */
function sends(text: Buffer, cut: number) {
  let arrived = text.subarray(0, cut);
  let taken = 0;
  const connection: Pick<Connection, 'peek' | 'read'> = {
    async peek(known, max) {
      if (arrived.length <= known) arrived = text;
      return arrived.subarray(0, max);
    },
    async read(max) {
      const bytes = text.subarray(taken, taken + max);
      taken += bytes.length;
      return bytes;
    },
  };
  return { connection: connection as Connection, left: () => text.subarray(taken).toString() };
}

const far = Number.MAX_SAFE_INTEGER;

it.each([
  { name: 'at once', text: `${marker} by socat\n${after}`, want: { text: 'by socat', printed: '' } },
  {
    name: 'after a greeting',
    text: `Hellö\r\n\n${marker} by x\n${after}`,
    want: { text: 'by x', printed: 'Hellö' },
  },
  {
    name: 'after text without an end of line',
    text: `hi${marker} no-tool\n${after}`,
    want: { text: 'no-tool', printed: 'hi' },
  },
  {
    name: 'after half of itself',
    text: `vmssh-01${marker} a\n${after}`,
    want: { text: 'a', printed: 'vmssh-01' },
  },
])('finds the answer $name, cut anywhere, and takes nothing behind it', async ({ text, want }) => {
  const bytes = Buffer.from(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { connection, left } = sends(bytes, cut);
    expect(await readAnswer(connection, marker, far)).toMatchObject(want);
    expect(left()).toBe(after);
  }
});

it.each([
  { name: 'nothing', text: '', printed: '' },
  { name: 'a greeting', text: 'This account is not available.\n', printed: 'This account is not available.' },
  { name: 'an answer that is cut off', text: `${marker} by so`, printed: `${marker} by so` },
])('gives what was printed if that is $name', async ({ text, printed }) => {
  expect(await readAnswer(sends(Buffer.from(text), 3).connection, marker, far)).toEqual({
    printed,
    isTooMuch: false,
  });
});

it('stops at a limit', async () => {
  const { connection } = sends(Buffer.alloc(1 << 20, 'x'), 1 << 20);
  const { printed, ...how } = await readAnswer(connection, marker, far);
  expect(how).toEqual({ isTooMuch: true });
  expect(printed.length).toBeLessThan(100_000);
});
