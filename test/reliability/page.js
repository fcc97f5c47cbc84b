/** @import { Section, Table } from './types.js' */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reports = join(root, 'dist/reliability');

/**
 * Writes what a run has tried: its row of docs/contributing/reliability.md, and all of it to dist/reliability/NAME.md and NAME.json. To add one, write
 * a row with its name into the page, and call this with a shape as in types.ts if the run is called with --write.
 * @param {string} name
 * @param {Section} section
 */
export function keep(name, section) {
  const page = join(root, 'docs/contributing/reliability.md');
  const text = withRow(readFileSync(page, 'utf8'), name, section);
  mkdirSync(reports, { recursive: true });
  writeFileSync(join(reports, `${name}.json`), `${JSON.stringify(section, null, 2)}\n`);
  writeFileSync(join(reports, `${name}.md`), asMarkdown(section));
  writeFileSync(page, text);
}

/** A section as it was kept last on this machine, undefined if it was not. @param {string} name @returns {Section | undefined} */
export function recordOf(name) {
  const file = join(reports, `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** What a run took place on; nothing that names a machine. @param {Record<string, string>} more */
export function ranOn(more = {}) {
  return { Linux: `${release().replace(/-.*/, '')} ${arch()}`, Node: process.version.slice(1), ...more };
}

/** The page with the row of a section replaced. @param {string} page @param {string} name @param {Section} section */
export function withRow(page, name, section) {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${name} |`));
  if (at < 0) throw new Error(`docs/contributing/reliability.md has no row "${name}"`);
  return lines
    .with(at, row([name, ...section.summary, `\`${section.command}\``, factsOf(section)]))
    .join('\n');
}

/** A whole report. @param {Section} section */
export function asMarkdown(section) {
  const { title, command, text, tables } = section;
  const parts = [`Made by \`${command}\` on ${factsOf(section)}.`, ...text, ...tables.map(table)];
  return `# ${title}\n\n${parts.join('\n\n')}\n`;
}

/** @param {Section} section */
function factsOf({ on }) {
  return Object.entries(on)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** @param {Table} table */
function table({ caption, head, rows }) {
  const lines = [row(head), `|${head.map(() => ' --- |').join('')}`, ...rows.map(row)];
  return `${caption ? `${caption}\n\n` : ''}${lines.join('\n')}`;
}

/** @param {readonly string[]} cells */
function row(cells) {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}
