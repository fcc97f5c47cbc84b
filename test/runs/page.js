/** @import { Kept, Pages, Run, Section, Table } from './types.js' */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = 'docs/contributing/reliability.md';
const reports = 'dist/reliability';

/**
 * What --write writes: pages as they are; of a section its row of docs/contributing/reliability.md, and all of it to
 * dist/reliability/ROW.md and ROW.json.
 * @param {Pick<Run, 'row' | 'script' | 'writeArgs'>} run
 * @param {Section | Pages} made
 */
export function writePages(run, made) {
  const pages = isSection(made) ? pagesOf(run, made, readFileSync(join(root, page), 'utf8')) : made;
  for (const [path, text] of Object.entries(pages)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/**
 * The page with the run's row replaced, and its whole report.
 * @param {Pick<Run, 'row' | 'script' | 'writeArgs'>} run
 * @param {Section} section
 * @param {string} before the page as it is
 * @returns {Pages}
 */
export function pagesOf({ row: name = '', script, writeArgs }, section, before) {
  const system = {
    Linux: `${release().replace(/-.*/, '')} ${arch()}`,
    Node: process.version.slice(1),
  };
  const kept = { ...section, command: `npm run ${script} -- ${writeArgs}`, on: { ...system, ...section.on } };
  return {
    [page]: withRow(before, name, kept),
    [`${reports}/${name}.json`]: `${JSON.stringify(kept, null, 2)}\n`,
    [`${reports}/${name}.md`]: asMarkdown(kept),
  };
}

/** A section as it was kept last on this machine, undefined if it was not. @param {string} name @returns {Kept | undefined} */
export function recordOf(name) {
  const file = join(root, reports, `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** @param {Section | Pages} made @returns {made is Section} */
function isSection(made) {
  return Array.isArray(made.tables);
}

/** @param {string} text @param {string} name @param {Kept} kept */
function withRow(text, name, kept) {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${name} |`));
  if (at < 0) throw new Error(`${page} has no row "${name}"`);
  return lines.with(at, row([name, ...kept.summary, `\`${kept.command}\``, factsOf(kept)])).join('\n');
}

/** @param {Kept} kept */
function asMarkdown(kept) {
  const { title, command, text, tables } = kept;
  const parts = [`Made by \`${command}\` on ${factsOf(kept)}.`, ...text, ...tables.map(table)];
  return `# ${title}\n\n${parts.join('\n\n')}\n`;
}

/** @param {Kept} kept */
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
