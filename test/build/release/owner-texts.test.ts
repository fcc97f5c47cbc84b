import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { missingTexts } from '../../../build/release/owner-texts.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const key = '0123456789ABCDEF0123456789ABCDEF01234567';
const digest = 'a'.repeat(64);

describe('what only the owner can fill in', () => {
  const dir = useTempDir();
  const write = (field: string, image: string) => {
    writeFileSync(join(dir, 'SECURITY.md'), `# Security\n\nKey:${field}\n\n## More\n`);
    writeFileSync(join(dir, '.ci/builder-image'), `${image}\n`);
  };
  beforeEach(() => void mkdirSync(join(dir, '.ci'), { recursive: true }));

  it('is nothing once the key is named and the image is pinned', () => {
    write(` \`${key.slice(0, 20)} ${key.slice(20)}\``, `node:20-bookworm@sha256:${digest}`);
    expect(missingTexts(dir, { key })).toEqual([]);
  });

  it.each([
    ['no key', '', `node@sha256:${digest}`, '"Key:" of SECURITY.md is ""'],
    ['another key', ' ABC', `node@sha256:${digest}`, 'is "ABC", and has to be'],
    ['no digest', ` ${key}`, 'node:20-bookworm', '.ci/builder-image has no digest'],
    ['half a digest', ` ${key}`, 'node@sha256:abc', 'has no digest'],
  ])('is said with $0', (_name, field, image, says) => {
    write(field, image);
    expect(missingTexts(dir, { key })).toEqual([expect.stringContaining(says)]);
  });

  it('is found in this checkout', () => {
    const [field] = missingTexts('.', { key: '' });
    expect(field).toMatch(/^"Key:" of SECURITY.md is "/);
  });
});
