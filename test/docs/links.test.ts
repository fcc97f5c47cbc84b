import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ownFiles } from '../own-files.js';

const pages = [...mdIn('.', false), ...mdIn('docs', true), ...mdIn('test', true)];

it.each(pages)('each relative link of %s has its file and its heading', (page) => {
  const text = withoutCode(readFileSync(page, 'utf8'));
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  const broken = links.filter((link) => !/^[a-z]+:/.test(link)).filter((link) => !leads(page, link));
  expect(broken).toEqual([]);
});

it('a heading or page that is not there is noticed', () => {
  expect(pages).toContain('README.md');
  expect(leads('README.md', 'docs/contributing/adding.md#adding-a-kind-of-target')).toBe(true);
  expect(leads('README.md', 'docs/contributing/adding.md#adding-a-kind')).toBe(false);
  expect(leads('README.md', 'docs/no-such-page.md')).toBe(false);
});

it('docs/README.md lists each page of docs/, and of the decisions their folder', () => {
  const index = readFileSync('docs/README.md', 'utf8');
  const links = [...index.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = '']) => join('docs', path));
  const listed = links.filter((path) => /\/$|\.md$/.test(path));
  const others = mdIn('docs', true).filter((page) => !/^docs\/(decisions\/|README\.md$)/.test(page));
  expect(listed.toSorted()).toEqual(['docs/decisions/', ...others].toSorted());
});

it('no file names a page or picture of docs/ that is not there', () => {
  const texts = ownFiles().filter((file) => /\.(ts|js|cpp|h|sh|md|json)$/.test(file));
  const named = texts.flatMap((file) =>
    (readFileSync(file, 'utf8').match(/(?<![\w/.-])docs\/[\w/.-]+\.(md|json|svg|txt)\b/g) ?? []).map(
      (page) => ({
        file,
        page,
      }),
    ),
  );
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter(({ file, page }) => !existsSync(page) && file !== 'test/docs/links.test.ts')).toEqual(
    [],
  );
});

function mdIn(folder: string, recursive: boolean): string[] {
  const names = readdirSync(folder, { recursive, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return names.sort().map((name) => join(folder, name));
}

function leads(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchors(readFileSync(file, 'utf8')).includes(anchor);
}

/** As GitHub makes them of headings: lower case, without punctuation, a dash for a space. */
function anchors(text: string): string[] {
  const headings = withoutCode(text, '').matchAll(/^#+ +(.*)$/gm);
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(text: string, inline = '`code`'): string {
  const prose = text.replace(/^ *```.*?^ *```/gms, '');
  return inline === '' ? prose : prose.replace(/`[^`\n]*`/g, inline);
}
