import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeTexts } from '../../../build/package/texts.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const about = { version: '1.2.3', description: 'ssh into machines', license: 'MIT' };

describe('the texts for Homebrew, pacman and Nix', () => {
  const dir = useTempDir();
  const tarball = join(dir, 'vmssh-1.2.3-linux-x64.tar.gz');
  const write = (more = {}) => {
    writeFileSync(tarball, 'the tarball');
    return writeTexts(tarball, dir, { ...about, ...more }, 'https://releases.invalid');
  };

  it('have the version, the address and the hash of the tarball', () => {
    const hash = createHash('sha256').update('the tarball').digest('hex');
    for (const path of write()) {
      const text = readFileSync(path, 'utf8');
      for (const value of ['1.2.3', 'MIT', about.description, hash])
        expect(text).toMatch(new RegExp(`["']${value}["']`));
      expect(text).toContain('https://releases.invalid/v1.2.3/vmssh-1.2.3-linux-x64.tar.gz');
      expect(text).not.toMatch(/(?<!#)\{(version|url|sha256|license|description|homepage)\}/);
    }
  });

  it.each(['$(reboot)', "it's", '#{x}', 'a\\b', 'a\nb'])(
    'do not have %j, which one may read otherwise',
    (text) => expect(() => write({ description: text })).toThrow('cannot have'),
  );

  it.skipIf(missingPrograms({ shellcheck: 'shellcheck' }))('the PKGBUILD is sound', async () => {
    write();
    expect(await run(['shellcheck', join(dir, 'PKGBUILD')])).toMatchObject({ code: 0, stdout: '' });
  });
});
