// npm run test:faults: see test/runs/runs.js and docs/contributing/reliability.md.
/** @import { Choice, Section } from '../runs/types.js' */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finish } from '../runs/children.js';

/** @typedef {{ runtime: string, group: string, name: string, ends: number | string, seen: string, within: number }} Row */

/**
 * Tries every fault on the executable and on Node, or only on one runtime.
 * @param {Choice} choice
 * @param {(section: Section) => void} write
 */
export async function run({ runtime }, write) {
  const folder = mkdtempSync(join(tmpdir(), 'vmssh-faults-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const VMSSH_FAULTS = join(folder, 'rows');
  for (const VMSSH_TEST_RUNTIME of runtime === undefined ? ['executable', 'node'] : [runtime]) {
    const env = { ...process.env, VMSSH_TEST_RUNTIME, VMSSH_FAULTS };
    if ((await finish('npx', ['vitest', 'run', 'test/faults'], { env })) !== 0) return false;
  }
  write(section(readFileSync(VMSSH_FAULTS, 'utf8').trim().split('\n').map(row)));
  return true;
}

/** @param {string} line @returns {Row} */
function row(line) {
  return JSON.parse(line);
}

/** @param {readonly Row[]} rows @returns {Section} */
function section(rows) {
  const seconds = Math.max(...rows.map(({ within }) => within));
  const groups = [...new Set(rows.map(({ group }) => group))];
  return {
    title: 'Faults',
    summary: [
      `${new Set(rows.map(({ group, name }) => `${group} ${name}`)).size} faults, on ${[...new Set(rows.map((each) => each.runtime))].join(' and ')}`,
      `${rows.length} ended as they should, each within ${seconds} s`,
    ],
    text: [
      `Each is a test in \`test/faults/\`, which also checks that stdout has only the peer's bytes, that no control character from others reaches the terminal,
and that \`config install\` leaves the file as it was. Each must end within ${seconds} s. "Ends with" is an exit code or a signal; "what the user sees" is vmssh's first
line on stderr that is not a warning, with \`/DIR\` for the test's folder.`,
    ],
    tables: groups.map((group) => ({
      caption: `### ${group.charAt(0).toUpperCase()}${group.slice(1)}`,
      head: ['fault', 'runtime', 'ends with', 'what the user sees'],
      rows: merged(rows.filter((each) => each.group === group)),
    })),
  };
}

/** One line for both runtimes if they do the same. @param {readonly Row[]} rows */
function merged(rows) {
  return rows
    .filter((one, at) => at === rows.findIndex((each) => same(each, one)))
    .map((one) => {
      const runtimes = rows.filter((each) => same(each, one)).map(({ runtime }) => runtime);
      const seen = one.seen === '' ? 'nothing' : `\`${one.seen.replaceAll('`', "'")}\``;
      return [one.name, runtimes.join(', '), String(one.ends), seen];
    });
}

/** @param {Row} one @param {Row} other */
function same(one, other) {
  return one.name === other.name && one.ends === other.ends && one.seen === other.seen;
}
