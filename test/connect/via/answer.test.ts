import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/connect/connection.js';
import { hopFailure, onHost, readAnswer, remoteFailure } from '../../../src/connect/via/open-via.js';
import type { ViaEndpoint } from '../../../src/typed/route.js';

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
  ['at once', `${marker} by socat\n${after}`, { text: 'by socat', printed: '' }],
  ['after a greeting', `Hellö\r\n\n${marker} by x\n${after}`, { text: 'by x', printed: 'Hellö' }],
  ['after text without an end of line', `hi${marker} no-tool\n${after}`, { text: 'no-tool', printed: 'hi' }],
  ['after half of itself', `vmssh-01${marker} a\n${after}`, { text: 'a', printed: 'vmssh-01' }],
])('finds the answer $0, cut anywhere, and takes nothing behind it', async (_name, text, want) => {
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

const endpoint: ViaEndpoint = { family: 'via', host: 'hv1', target: 'web', port: 22 };

describe('a failure of the hop', () => {
  it.each([
    { more: undefined, says: '' },
    { more: 'it printed "x"', says: ': it printed "x"' },
  ])('is explained, with what is known besides: $more', ({ more, says }) =>
    expect(hopFailure('HOP_SILENT', endpoint, more)).toMatchObject({
      ...{ op: 'connect', target: 'via/hv1/web', code: 'HOP_SILENT' },
      problem: `hv1 did not answer ssh in time (HOP_SILENT)${says}`,
      hint: 'see how far it gets: ssh -v hv1 true; or allow more time: --timeout, or vmssh ssh --wait',
    }),
  );
});

describe('an errno there', () => {
  const cause = new Error('x');
  it('is explained as that of its socket, with the host', () => {
    const at = { family: 'unix', path: '/run/x' } as const;
    const error = onHost('hv1', at, 'ECONNREFUSED', cause);
    expect(error).toMatchObject({
      op: 'connect',
      target: 'unix:/run/x',
      code: 'ECONNREFUSED',
      problem: 'on hv1, nothing listens on the socket /run/x (ECONNREFUSED)',
      hint: 'on hv1: its server ended and left the file, or never listened: see ss -xl',
    });
    expect(error.cause).toBe(cause);
  });
  it('needs no hint', () =>
    expect(onHost('hv1', { family: 'unix', path: '/run/x' }, 'EBADMSG').hint).toBeUndefined());
});

describe('what the vmssh there reports', () => {
  const unknown = { op: 'connect', code: 'UNKNOWN', problem: 'on hv1, vmssh failed', hint: undefined };
  it.each([
    {
      json: '{"op":"resolve","code":"NOT_FOUND","problem":"no such machine","hint":"vmssh list"}',
      want: {
        op: 'resolve',
        code: 'NOT_FOUND',
        problem: 'on hv1, no such machine',
        hint: 'on hv1: vmssh list',
      },
    },
    { json: '{"code":"EACCES"}', want: { ...unknown, code: 'EACCES' } },
    { json: '{"code":"EACCES","final":true}', want: { ...unknown, code: 'EACCES', final: true } },
    { json: '{"code":"EACCES","final":"true"}', want: { ...unknown, code: 'EACCES' } },
    { json: '{"op":"parse","code":"X","final":false}', want: { ...unknown, op: 'parse', code: 'X' } },
    { json: '{"op":"toString","code":"x","problem":1,"hint":{}}', want: unknown },
    { json: '{"code":"NOT_FOUND\\n"}', want: unknown },
    { json: '{"code":"xNOT_FOUND"}', want: unknown },
    { json: `{"code":"${'A'.repeat(41)}"}`, want: unknown },
    { json: '{"op":"resol', want: unknown },
    { json: '', want: unknown },
    { json: 'null', want: unknown },
    { json: '[]', want: unknown },
    { json: '"x"', want: unknown },
  ])('as $json', ({ json, want }) => {
    const { op, code, problem, hint, final, target } = remoteFailure(endpoint, 'hv1', json);
    expect({ op, code, problem, hint, final, target }).toEqual({
      final: false,
      ...want,
      target: 'via/hv1/web',
    });
  });
});
