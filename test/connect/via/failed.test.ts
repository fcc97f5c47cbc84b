import { describe, expect, it } from 'vitest';
import { failed, failedThere, onHost } from '../../../src/connect/via/failed.js';
import type { ViaEndpoint } from '../../../src/endpoint.js';

const endpoint: ViaEndpoint = { family: 'via', host: 'hv1', target: 'web', port: 22 };

describe('a failure of the hop', () => {
  const told = {
    op: 'connect',
    target: 'via/hv1/web',
    code: 'HOP_SILENT',
    hint: 'see how far it comes: ssh -v hv1 true; or allow more time with --timeout',
  };
  it('is explained', () =>
    expect(failed('HOP_SILENT', endpoint, 'via/hv1/web')).toMatchObject({
      ...told,
      problem: 'ssh to hv1 got no answer in time (HOP_SILENT)',
    }));
  it('says what is known besides', () =>
    expect(failed('HOP_SILENT', endpoint, 'via/hv1/web', 'it printed "x"')).toMatchObject({
      ...told,
      problem: 'ssh to hv1 got no answer in time (HOP_SILENT): it printed "x"',
    }));
});

describe('an errno there', () => {
  const cause = new Error('x');
  it('is explained as that of its socket, with the host', () => {
    const at = { family: 'unix', path: '/run/x' } as const;
    const error = onHost('hv1', at, 'ECONNREFUSED', 'via/hv1/unix/run/x', cause);
    expect(error).toMatchObject({
      op: 'connect',
      target: 'via/hv1/unix/run/x',
      code: 'ECONNREFUSED',
      problem: 'on hv1, nothing listens on the socket /run/x (ECONNREFUSED)',
      hint: 'on hv1: its server ended and left the file, or never listened: see ss -xl',
    });
    expect(error.cause).toBe(cause);
  });
  it('needs no hint', () =>
    expect(onHost('hv1', { family: 'unix', path: '/run/x' }, 'EBADMSG', 'x').hint).toBeUndefined());
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
    const { op, code, problem, hint, target } = failedThere('hv1', json, 'via/hv1/web');
    expect({ op, code, problem, hint, target }).toEqual({ ...want, target: 'via/hv1/web' });
  });
});
