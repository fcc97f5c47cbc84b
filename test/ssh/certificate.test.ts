import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { authoritiesFor, certificateIn, isValidFor } from '../../src/ssh/certificate.js';
import { lacks } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const missing = lacks('ssh-keygen');

/** A certificate made by ssh-keygen, its plain key and its CA's. */
function made(type: string, ...options: string[]) {
  const name = `${type}-${options.join('').replaceAll(/\W/g, '')}`;
  const [key, ca] = [join(dir, name), join(dir, `ca-${name}`)];
  for (const [path, kind] of [
    [key, type],
    [ca, 'ed25519'],
  ] as const)
    spawnSync('ssh-keygen', ['-q', '-t', kind, '-N', '', '-f', path]);
  expect(spawnSync('ssh-keygen', ['-q', '-s', ca, '-I', 'id', ...options, `${key}.pub`]).status).toBe(0);
  const wordsIn = (path: string) => readFileSync(path, 'utf8').split(' ');
  const [shownType = '', shownKey = ''] = wordsIn(`${key}-cert.pub`);
  const [plainType, plainKey] = wordsIn(`${key}.pub`);
  const certificate = certificateIn({ type: shownType, key: shownKey });
  return {
    certificate,
    plain: { type: plainType, key: plainKey },
    ca: wordsIn(`${ca}.pub`).slice(0, 2).join(' '),
    shownKey,
    shownType,
  };
}

const isValid = (certificate: ReturnType<typeof certificateIn>, name: string, now?: number) =>
  certificate !== undefined && isValidFor(certificate, name, now);

describe.skipIf(missing)('a host certificate', () => {
  it.each(['ed25519', 'ecdsa', 'rsa'])('has the plain key, of type %s', (type) => {
    const { certificate, plain, ca } = made(type, '-h', '-n', 'mint,web');
    expect(certificate).toMatchObject({ plain, isHost: true, principals: ['mint', 'web'], isLimited: false });
    expect(`ssh-ed25519 ${certificate?.ca}`).toBe(ca);
    for (const [name, want] of [
      ['Mint', true],
      ['web', true],
      ['[web]:2222', true],
      ['db', false],
      ['', false],
    ] as const)
      expect(isValid(certificate, name)).toBe(want);
  });

  it.each([
    { what: 'of a user', options: ['-n', 'mint'] },
    { what: 'that is over', options: ['-h', '-n', 'mint', '-V', '20200101:20200102'] },
    { what: 'that is not valid yet', options: ['-h', '-n', 'mint', '-V', '20900101:20900102'] },
    { what: 'for any name', options: ['-h'] },
  ])('$what is none', ({ options }) => {
    const { certificate } = made('ed25519', ...options);
    expect(isValid(certificate, 'mint')).toBe(false);
  });

  it.each([
    { what: 'that has begun and is not over', options: ['-V', '-1d:+1d'] },
    { what: 'without an end', options: [] },
  ])('$what counts now', ({ options }) => {
    const { certificate } = made('ed25519', '-h', '-n', 'mint', ...options);
    expect(isValid(certificate, 'mint')).toBe(true);
  });

  it('counts from its first second until its end', () => {
    const { certificate } = made('ed25519', '-h', '-n', 'mint', '-V', '20300101:20310101');
    // ssh-keygen reads them as local times.
    const [after, before] = [new Date(2030, 0).getTime() / 1000, new Date(2031, 0).getTime() / 1000] as const;
    const at = (now: number) => isValid(certificate, 'mint', now);
    expect([after - 1, after, before - 1, before].map(at)).toEqual([false, true, true, false]);
  });

  it('counts in times that take more than 32 bits', () => {
    const { certificate } = made('ed25519', '-h', '-n', 'mint', '-V', '22000101:22010101');
    const at = (year: number) => isValid(certificate, 'mint', Date.UTC(year, 5) / 1000);
    expect([2040, 2150, 2199, 2200, 2201].map(at)).toEqual([false, false, false, true, false]);
  });

  it('that is cut at any place is none', () => {
    const { shownKey, shownType } = made('ed25519', '-h', '-n', 'cut');
    const bytes = Buffer.from(shownKey, 'base64');
    const signature = 4 + (4 + 'ssh-ed25519'.length) + (4 + 64);
    for (let length = 0; length < bytes.length - signature; length++)
      expect(
        certificateIn({ type: shownType, key: bytes.subarray(0, length).toString('base64') }),
      ).toBeUndefined();
    for (const type of ['ssh-ed25519', 'x-cert-v01@openssh.com', 'ssh-ed25519-cert-v01@openssh.org'])
      expect(certificateIn({ type, key: shownKey })).toBeUndefined();
  });
});

it('the CAs of a name are those of the lines with @cert-authority that match it', () => {
  const file = Buffer.from(
    '# mine\n\n@cert-authority *.lab ssh-rsa AAAA\nmint.lab ssh-rsa BBBB\n@revoked *.lab ssh-rsa CCCC\n',
  );
  expect(authoritiesFor('Mint.lab', [file, file])).toEqual(['ssh-rsa AAAA']);
  expect(authoritiesFor('mint', [file])).toEqual([]);
});
