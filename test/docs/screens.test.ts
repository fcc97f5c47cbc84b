import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ownFiles } from '../own-files.js';

const folder = 'test/screen/80';
const block = /(?<=^```console\n)\$ .*?(?=^```$)/gms;
// A page has no end where the terminal has one.
const joined = (text: string) => text.replaceAll(/^(.{80})\n(?=.)/gm, '$1');
const stepsOf = (text: string) => text.split(/^(?=\$ )/m).map((step) => step.trimEnd().split('\n'));

/** What a terminal shows, by the command and the note behind it. */
const screens = new Map(
  readdirSync(folder)
    .flatMap((name) => stepsOf(joined(readFileSync(`${folder}/${name}`, 'utf8'))))
    .map(([typed = '', ...rows]) => [typed, rows]),
);

/** A command of a page with what test/screen has seen, without the rows that the page leaves out by "…". */
function seen([typed = '', ...rows]: readonly string[]): string {
  const all = screens.get(typed);
  if (!all) throw new Error(`test/screen has no such line: ${typed}`);
  const cut = rows.indexOf('…');
  const shown = cut < 0 ? all : [...all.slice(0, cut), '…', ...all.slice(cut + 1 - rows.length)];
  return `${[typed, ...(cut === rows.length - 1 ? shown.slice(0, cut + 1) : shown)].join('\n')}\n`;
}

const pages = ownFiles().filter((path) => /^(README|docs\/.*)\.md$/.test(path));

describe('what a page shows of a terminal is what test/screen has seen there', () => {
  const showing = pages.filter((page) => readFileSync(page, 'utf8').match(block));

  it('is on some pages', () => expect(showing.length).toBeGreaterThan(3));

  it.each(showing)('%s', async (page) => {
    const text = readFileSync(page, 'utf8');
    const want = text.replaceAll(block, (steps) => stepsOf(steps).map(seen).join(''));
    await expect(want).toMatchFileSnapshot(`../../${page}`);
  });
});
