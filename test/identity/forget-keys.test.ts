import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forgetKeys, withoutNames } from '../../src/identity/pins.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const key = 'ssh-ed25519 AAAA';

describe('the keys of a name', () => {
  it.each([
    { line: `vmssh-1 ${key}`, left: '' },
    { line: `VMSSH-1 ${key} comment`, left: '' },
    { line: ` \tvmssh-1\t${key}\r`, left: '' },
    { line: `[vmssh-1]:2222 ${key}`, left: '' },
    { line: `!vmssh-2,vmssh-1 ${key}`, left: '' },
    { line: ` other,vmssh-1,third ${key} comment\r`, left: ` other,third ${key} comment\r\n` },
  ])('go from $line', ({ line, left }) => {
    const want = { bytes: `a ${key}\n${left}\nb ${key}`, removed: 1 };
    const { bytes, removed } = withoutNames(Buffer.from(`a ${key}\n${line}\n\nb ${key}`), ['vmssh-1']);
    expect({ bytes: bytes.toString(), removed }).toEqual(want);
  });

  it.each([
    `@cert-authority vmssh-1 ${key}`,
    `@revoked vmssh-1 ${key}`,
    `vmssh-10 ${key}`,
    `vmssh-? ${key}`,
    `!vmssh-1,vmssh-* ${key}`,
    `# vmssh-1 ${key}`,
    `#vmssh-1 ${key}`,
    `other vmssh-1 ${key}`,
    'vmssh-1',
    '',
  ])('are not in %j', (line) => {
    const text = Buffer.from(`a ${key}\n${line}\n`);
    expect(withoutNames(text, ['vmssh-1'])).toEqual({ bytes: text, removed: 0 });
  });

  it('go with those of other names at once', () => {
    const text = Buffer.from(`a ${key}\nb,c ${key}\nc ${key}\nd ${key}\n`);
    const { bytes, removed } = withoutNames(text, ['a', 'c']);
    expect({ bytes: bytes.toString(), removed }).toEqual({ bytes: `b ${key}\nd ${key}\n`, removed: 3 });
  });

  it('go without a change to any other byte', () => {
    const odd = Buffer.from([0x23, 0xe9, 0xff, 0x0d, 0x0a, 0xc3, 0x28, 0x20, 0x00, 0x0a, 0x78]);
    const all = Buffer.concat([Buffer.from(`vmssh-größe ${key}\n`), odd]);
    expect(withoutNames(all, ['vmssh-größe'])).toEqual({ bytes: odd, removed: 1 });
    expect(withoutNames(all, ['vmssh-grÖße'])).toEqual({ bytes: all, removed: 0 });
  });

  it.skipIf(missingPrograms({ 'ssh-keygen': 'openssh-client' }))('go under hashed names too', async () => {
    const path = join(dir, 'hashed');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'key')]);
    const real = readFileSync(join(dir, 'key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(path, `vmssh-1 ${real}\n`);
    await run(['ssh-keygen', '-q', '-H', '-f', path]);
    expect(readFileSync(path, 'utf8')).toMatch(/^\|1\|/);
    expect(await forgetKeys(path, ['vmssh-2'])).toBe(0);
    expect(await forgetKeys(path, ['VMSSH-1'])).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe('');
  });
});

describe('a file of keys', () => {
  it('that is not there, nor its folder, has none', async () => {
    expect(await forgetKeys(join(dir, 'none'), ['a'])).toBe(0);
    expect(await forgetKeys(join(dir, 'no/folder'), ['a'])).toBe(0);
  });

  it('that cannot be read is an error', async () => {
    await expect(forgetKeys(dir, ['a'])).rejects.toMatchObject({ code: 'EINVAL' });
  });

  it('keeps its mode, and loses each line that many processes remove at once', async () => {
    const path = join(dir, 'many');
    const names = Array.from({ length: 30 }, (_, i) => `vmssh-${i}`);
    writeFileSync(path, names.map((name) => `${name} ${key}\n`).join(''), { mode: 0o640 });
    const removed = await Promise.all(names.map((name) => forgetKeys(path, [name])));
    expect(removed).toEqual(names.map(() => 1));
    expect(readFileSync(path, 'utf8')).toBe('');
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });
});
