import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeTexts } from '../../../build/package/texts.js';
import { lacks } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const about = { version: '1.2.3', description: 'ssh into machines', license: 'MIT' };

describe('the texts for Homebrew, pacman and Nix', () => {
  const dir = useTempDir();
  const targets = ['linux-x64', 'linux-arm64'];
  const tarballs = Object.fromEntries(
    targets.map((target) => [target, join(dir, `vmssh-1.2.3-${target}.tar.gz`)]),
  );
  const write = (more = {}) => {
    for (const [target, tarball] of Object.entries(tarballs)) writeFileSync(tarball, target);
    return writeTexts(tarballs, dir, { ...about, ...more }, 'https://releases.invalid');
  };

  it('have the version, the address and the hash of each tarball', () => {
    const hashes = targets.map((target) => createHash('sha256').update(target).digest('hex'));
    for (const path of write()) {
      const text = readFileSync(path, 'utf8');
      for (const value of ['1.2.3', 'MIT', about.description, ...hashes])
        expect(text).toMatch(new RegExp(`["']${value}["']`));
      for (const target of targets)
        expect(text).toContain(`https://releases.invalid/v1.2.3/vmssh-1.2.3-${target}.tar.gz`);
      expect(text).not.toMatch(/(?<!#)\{\w+\}/);
    }
  });

  it.each(['$(reboot)', "it's", '#{x}', 'a\\b', 'a\nb'])(
    'do not have %j, which one may read otherwise',
    (text) => expect(() => write({ description: text })).toThrow('cannot have'),
  );

  it.skipIf(lacks('shellcheck'))('the PKGBUILD is sound', async () => {
    write();
    expect(await run(['shellcheck', join(dir, 'PKGBUILD')])).toMatchObject({ code: 0, stdout: '' });
  });
});
