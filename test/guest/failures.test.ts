import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConnectError, type NoBannerReason } from '../../src/base/errors.js';
import { diagnose, type Signs } from '../../src/commands/check/outcome.js';
import { guestFailures, suspects } from '../../src/guest/failures.js';
import { checkScript } from '../../src/guest/script.js';
import { eachRow } from '../helpers/tables/rows.js';

describe('diagnosis from outside', () => {
  const calm: Signs = { error: undefined, cidUsers: [] };
  const error = (op: 'connect' | 'handshake', code: string, reason?: NoBannerReason) =>
    new ConnectError(op, 'vsock/3', { code, problem: 'x', reason });

  eachRow({
    'nobody listens': { e: error('connect', 'ECONNRESET'), first: 'listening', has: 'masked' },
    'a multiplexer closes': { e: error('connect', 'EOF'), first: 'listening', has: 'sshd' },
    'no such CID': { e: error('connect', 'ENODEV'), first: 'transport', has: 'transport' },
    silence: { e: error('handshake', 'NO_BANNER', 'silent'), first: 'accept', has: 'accept' },
    'closed at once': { e: error('handshake', 'NO_BANNER', 'closed'), first: 'privsep', has: 'host-keys' },
  })('$name', ({ e, first, has }) => {
    expect(suspects(e)[0]).toBe(first);
    expect(suspects(e)).toContain(has);
    expect(diagnose({ ...calm, error: e })).toMatchObject({ certain: false });
  });

  it('suspects no vsock if none leads to the machine', () => {
    const closed = error('handshake', 'NO_BANNER', 'closed');
    expect(suspects(closed, 'unix')).toEqual(['privsep', 'accept', 'host-keys']);
    expect(suspects(closed, 'vsock')).toContain('denied');
    expect(suspects(error('connect', 'ECONNREFUSED'), 'tcp')).toEqual(['sshd']);
    expect(suspects(error('connect', 'ETIMEDOUT'), 'tcp')).toEqual([]);
    expect(suspects(error('connect', 'ETIMEDOUT'), 'vsock')).toEqual(['transport']);
    const seen = diagnose({ ...calm, family: 'tcp', error: error('connect', 'ETIMEDOUT') });
    expect(seen).toEqual({ findings: [], suspected: [], certain: true });
  });

  it('has no suspects if the error explains it', () => {
    expect(suspects(error('connect', 'EACCES'))).toEqual([]);
    expect(diagnose({ ...calm, error: error('connect', 'EACCES') }).certain).toBe(true);
  });

  it('12 and 13 are certain', () => {
    const service = { registered: false, port: 2222 };
    const seen = diagnose({ ...calm, error: error('connect', 'ETIMEDOUT'), service });
    expect(seen).toMatchObject({
      certain: true,
      findings: [{ name: 'service-guid', fix: expect.stringContaining('vmssh service register 2222') }],
    });
    const users = [1, 2].map((pid) => ({ pid, cid: 3, name: 'web' }));
    expect(diagnose({ ...calm, cidUsers: users }).findings).toMatchObject([
      { name: 'cid-twice', state: 'failed' },
    ]);
  });

  it('14: a ControlPath is reported beside the rest', () => {
    const controlPath = { problem: 'it is too long', fix: 'a shorter one' };
    const seen = diagnose({ ...calm, controlPath });
    expect(seen).toMatchObject({ certain: true, findings: [{ name: 'control-path', state: 'failed' }] });
    const refused = diagnose({ ...calm, controlPath, error: error('connect', 'ECONNRESET') });
    expect(refused).toMatchObject({ certain: false, findings: [{ name: 'control-path' }] });
  });

  it('has the order that its table has', () => {
    expect(suspects(error('connect', 'EPIPE'), 'vsock')).toEqual([
      ...['listening', 'address-form', 'masked', 'sshd', 'systemd', 'hyper-v-cid', 'transport'],
    ]);
    const closed = error('handshake', 'NO_BANNER', 'closed');
    expect(suspects(closed, 'vsock')).toEqual(['privsep', 'accept', 'host-keys', 'denied', 'listening']);
    expect(suspects(error('handshake', 'NO_BANNER', 'silent'), 'vsock')).toEqual(['accept']);
    expect(suspects(error('handshake', 'NO_BANNER', 'not-ssh'), 'vsock')).toEqual([]);
    expect(suspects(error('handshake', 'ECONNRESET'), 'vsock')).toEqual([]);
  });
});

describe('a failure of a guest', () => {
  const page = readFileSync(new URL('../../docs/reference/guest-failures.md', import.meta.url), 'utf8');
  const failures = Object.entries(guestFailures);

  it('is a row of docs/reference/guest-failures.md, or named below it, and the page has no others', () => {
    const rows = [...page.matchAll(/^\| (\d+) \| `([a-z-]+)` \|/gm)].map(([, number, name]) => [
      name,
      Number(number),
    ]);
    const numbered = failures.map(([name, { number }]) => [name, number] as const);
    const inOrder = numbered.filter(([, number]) => number > 0).sort(([, a], [, b]) => a - b);
    expect(rows).toEqual(inOrder);
    expect(rows.map(([, number]) => number)).toEqual(rows.map((_, i) => i + 1));
    const below = page.slice(page.indexOf('more names are for results'));
    for (const [name] of numbered.filter(([, number]) => number === 0))
      expect(below).toContain(`\`${name}\``);
  });

  it('is all that the check from inside can find, or certain from this host', () => {
    const script = checkScript({ port: 22, account: 'root' });
    const inside = [...script.matchAll(/(?:\bfail|up_on) ([a-z-]+) |\becho (host-keys|sshd-config) ;;/g)];
    const ofThisHost = ['service-guid', 'cid-twice', 'control-path'];
    const found = new Set([...inside.map(([, name, printed]) => name ?? printed), ...ofThisHost]);
    expect([...found].sort()).toEqual(failures.map(([name]) => name).sort());
  });
});
