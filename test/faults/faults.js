// npm run test:faults [-- --write] [--runtime NAME]: tries every fault on the executable and on Node, or only on one of them; --write
// keeps the result: docs/contributing/reliability.md.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { keep, ranOn } from '../reliability/page.js';

/** @typedef {{ runtime: string, group: string, name: string, ends: number | string, seen: string, within: number }} Row */

const folder = mkdtempSync(join(tmpdir(), 'vmssh-faults-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const VMSSH_FAULTS = join(folder, 'rows');
const { write, runtime } = parseArgs({
  options: { write: { type: 'boolean', default: false }, runtime: { type: 'string' } },
}).values;

for (const VMSSH_TEST_RUNTIME of runtime === undefined ? ['executable', 'node'] : [runtime]) {
  const { status } = spawnSync('npx', ['vitest', 'run', 'test/faults'], {
    stdio: 'inherit',
    env: { ...process.env, VMSSH_TEST_RUNTIME, VMSSH_FAULTS },
  });
  if (status !== 0) process.exit(1);
}
if (write) keep('faults', section(readFileSync(VMSSH_FAULTS, 'utf8').trim().split('\n').map(row)));

/** @param {string} line @returns {Row} */
function row(line) {
  return JSON.parse(line);
}

/** @param {readonly Row[]} rows @returns {import('../reliability/types.js').Section} */
function section(rows) {
  const seconds = Math.max(...rows.map(({ within }) => within));
  const groups = [...new Set(rows.map(({ group }) => group))];
  return {
    title: 'Faults',
    command: 'npm run test:faults -- --write',
    on: ranOn(),
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
