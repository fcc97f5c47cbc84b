/** @import { Section, Table } from './types.js' */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { fileURLToPath } from 'node:url';

/**
 * The sections of docs/reliability.md, in their order. To add one: name it here, and have its run call `keep(NAME, SECTION)`,
 * with a shape as in types.ts, if it is called with --write. That writes records/NAME.json and the page. A name without a
 * record has not been run yet, and is left out.
 */
const order = ['load', 'faults', 'fuzzing', 'analysis', 'sanitizers', 'mutation', 'coverage'];

const page = new URL('../../docs/reliability.md', import.meta.url);

/**
 * Writes the record of a section, and the page from all records.
 * @param {string} name
 * @param {Section} section
 */
export function keep(name, section) {
  if (!order.includes(name)) throw new Error(`no section "${name}": one of ${order.join(', ')}`);
  writeFileSync(record(name), `${JSON.stringify(section, null, 2)}\n`);
  writeFileSync(page, asMarkdown(records()));
}

/** The records that there are, in the order of the page. */
export function records() {
  return order.map(recordOf).filter((section) => section !== undefined);
}

/** A section as it was kept last; undefined if it was not run yet. @param {string} name @returns {Section | undefined} */
export function recordOf(name) {
  return existsSync(record(name)) ? JSON.parse(readFileSync(record(name), 'utf8')) : undefined;
}

/** What a run took place on; nothing that names a machine. @param {Record<string, string>} more */
export function ranOn(more = {}) {
  return { Linux: `${release().replace(/-.*/, '')} ${arch()}`, Node: process.version.slice(1), ...more };
}

/** docs/reliability.md. @param {readonly Section[]} sections */
export function asMarkdown(sections) {
  const rows = sections.flatMap(({ summary }) => summary);
  return `# Reliability

What the test programs of this repository have tried on vmssh, and the results. Each section is written by the command that it names, with \`--write\`;
none is written by hand. \`.ci/run\` runs bounded versions of load, faults, fuzzing and sanitizers.

${table({ head: ['what was tried', 'result'], rows })}
${sections.map(sectionText).join('')}`;
}

/** @param {Section} section */
function sectionText({ title, command, on, text, tables }) {
  const facts = Object.entries(on).map(([name, value]) => `${name} ${value}`);
  const parts = [`Made by \`${command}\` on ${facts.join(', ')}.`, ...text, ...tables.map(table)];
  return `\n## ${title}\n\n${parts.join('\n\n')}\n`;
}

/** @param {Table} table */
function table({ caption, head, rows }) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.map(escapeCell).join(' | ')} |`;
  const lines = [line(head), `|${head.map(() => ' --- |').join('')}`, ...rows.map(line)];
  return `${caption ? `${caption}\n\n` : ''}${lines.join('\n')}`;
}

/** @param {string} cell */
function escapeCell(cell) {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** @param {string} name */
function record(name) {
  return fileURLToPath(new URL(`records/${name}.json`, import.meta.url));
}
