import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitRelease } from '../../../build/release/commit.js';
import { git } from '../../../build/release/git.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const changed = ['package.json', 'native/package.json', 'package-lock.json', 'README.md', 'docs/install.md'];
const addresses = {
  site: 'https://example.org',
  upload: '/srv',
  repository: '',
  bugs: '',
  maintainer: 'Me <me@example.org>',
  key: '',
};

describe.skipIf(lacks('git'))('the commit of a release', () => {
  const root = useTempDir();
  const in_ = (...args: readonly string[]) => git(root, args, { GIT_CONFIG_GLOBAL: '/dev/null' });

  it('leaves the checkout as it was if it fails, and can be tried again', () => {
    for (const file of changed) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      cpSync(file, join(root, file));
    }
    writeFileSync(join(root, 'CHANGELOG.md'), '# Changelog\n\n## Not released yet\n\n- first\n');
    in_('init', '--quiet');
    for (const [name, value] of [
      ['user.name', 'o'],
      ['user.email', 'o@example.org'],
      ['commit.gpgsign', 'false'],
    ] as const)
      in_('config', name, value);
    in_('add', '--all');
    in_('commit', '--quiet', '--message', 'first');
    const hook = join(root, '.git/hooks/pre-commit');
    mkdirSync(dirname(hook), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\necho no >&2\nexit 1\n', { mode: 0o755 });

    expect(() => commitRelease(root, '7.8.9', addresses)).toThrow('git failed: exit code 1\nno');
    expect(in_('status', '--porcelain')).toBe('');
    chmodSync(hook, 0o644);
    commitRelease(root, '7.8.9', addresses);
    expect(in_('log', '-1', '--format=%s')).toBe('Release 7.8.9');
    expect(in_('status', '--porcelain')).toBe('');
    expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toContain('## 7.8.9, ');
  });
});
