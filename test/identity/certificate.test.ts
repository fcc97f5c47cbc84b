import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { authoritiesFor, certificateIn, isCertified } from '../../src/identity/certificate.js';
import { missingPrograms } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const missing = missingPrograms({ 'ssh-keygen': 'openssh-client' });

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

describe.skipIf(missing)('a host certificate', () => {
  it.each(['ed25519', 'ecdsa', 'rsa'])('has the plain key, of type %s', (type) => {
    const { certificate, plain, ca } = made(type, '-h', '-n', 'mint,web');
    expect(certificate).toMatchObject({ plain, isHost: true, principals: ['mint', 'web'], isLimited: false });
    for (const [names, want] of [
      [['Mint'], true],
      [['x', 'web'], true],
      [['db'], false],
      [[], false],
    ] as const)
      expect(isCertified(certificate, names, [ca])).toBe(want);
    expect(isCertified(certificate, ['mint'], [made(type, '-h', '-n', 'x').ca])).toBe(false);
    expect(isCertified(certificate, ['mint'], [])).toBe(false);
  });

  it.each([
    { what: 'of a user', options: ['-n', 'mint'] },
    { what: 'that is over', options: ['-h', '-n', 'mint', '-V', '20200101:20200102'] },
    { what: 'that is not valid yet', options: ['-h', '-n', 'mint', '-V', '20900101:20900102'] },
    { what: 'for any name', options: ['-h'] },
  ])('$what is none', ({ options }) => {
    const { certificate, ca } = made('ed25519', ...options);
    expect(isCertified(certificate, ['mint'], [ca])).toBe(false);
  });

  it('that is cut at any place is none', () => {
    const { shownKey, shownType } = made('ed25519', '-h', '-n', 'cut');
    const bytes = Buffer.from(shownKey, 'base64');
    const plain = bytes.length - 300;
    for (let length = 0; length < plain; length++)
      expect(
        certificateIn({ type: shownType, key: bytes.subarray(0, length).toString('base64') }),
      ).toBeUndefined();
    expect(certificateIn({ type: 'ssh-ed25519', key: shownKey })).toBeUndefined();
    expect(certificateIn({ type: 'x-cert-v01@openssh.com', key: shownKey })).toBeUndefined();
  });
});

it('the CAs of a name are those of the lines with @cert-authority that match it', () => {
  const file = Buffer.from(
    '@cert-authority *.lab ssh-rsa AAAA\nmint.lab ssh-rsa BBBB\n@revoked *.lab ssh-rsa CCCC\n',
  );
  expect(authoritiesFor(['x', 'Mint.lab'], [file, file])).toEqual(['ssh-rsa AAAA']);
  expect(authoritiesFor(['mint'], [file])).toEqual([]);
});
