import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ownFiles } from '../own-files.js';

const page = readFileSync('docs/troubleshooting.md', 'utf8');
const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
/** Of ssh, a shell or scp: what they print is not in our sources. */
const ofOthers =
  /^(ssh:|mm_|KnownHostsCommand|vmssh: command|Host key verif|Certificate|root@|Received|Unable to negotiate|Load key|Connection|Bad owner|web: )/;
const sources = ownFiles()
  .filter((file) => /^src\/.*\.ts$/.test(file))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

it('the page has the messages of ssh and of vmssh', () => {
  expect(headings.length).toBeGreaterThan(14);
  expect(headings.filter((heading) => ofOthers.test(heading)).length).toBeGreaterThan(5);
});

it.each(headings.filter((heading) => !ofOthers.test(heading)))('vmssh says: %s', (heading) => {
  const words = heading.split(/"[^"]*"|: |\b(?:\w+\/)?web\b/).map((part) => part.trim());
  const own = words.map((part) => part.split(' ').slice(-4)).filter(({ length }) => length > 1);
  expect(own.length).toBeGreaterThan(0);
  for (const last of own) expect(sources).toContain(last.join(' '));
});

it('says in at most four lines what to type', () => {
  const sections = page.split(/^## .*$/m).slice(1);
  const long = sections.filter((text) => text.split('\n').filter((line) => line.trim() !== '').length > 4);
  expect(long).toEqual([]);
});
