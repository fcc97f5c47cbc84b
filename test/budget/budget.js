// npm run budget: see test/runs/runs.js and docs/contributing/performance.md.
/** @import { Choice, Result } from '../runs/types.js' */
/** @import { Details } from './table.js' */
/** @import { ByName, Counted, Table } from './types.js' */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enginePackage } from '../../build/engine/sources.js';
import { compileHarness } from '../bench/harness.js';
import { buildCounting, buildNamed } from './programs.js';
import { rows } from './rows.js';
import { asText, grown, measured, missed } from './table.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const tablePath = join(here, 'table.json');
const detailsPath = join(here, 'details.json');

/** All rows by name. */
export const ids = rows.map(({ id }) => id);

/** Counts what each row takes, and fails if one takes more than the table says. @param {Choice} choice @returns {Promise<Result>} */
export async function run({ names, write, options: { program } }) {
  const folder = mkdtempSync(join(tmpdir(), 'vmssh-budget-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { harness } = compileHarness(folder);
  const counting = typeof program === 'string' ? program : await buildNamed();
  const found = counted('work', counting, harness, names);
  const table = readTable();
  // An answer that comes late on a busy machine is waited for by more calls: the least of three counts.
  for (let again = 0; again < 2 && !write && missed(table, found).length > 0; ++again) {
    const more = counted('work', counting, harness, missed(table, found));
    for (const [id, each] of Object.entries(more))
      if (each.instructions < (found[id]?.instructions ?? 0)) found[id] = each;
  }
  console.log(asText(table, found));
  if (typeof program === 'string') return { passed: true };
  if (write) {
    const inScript = counted('steps', await buildCounting(), harness, names);
    writeTable(table, found);
    writeDetails(found, inScript);
    return { passed: true };
  }
  const used = versions();
  const others = Object.keys(used).filter((name) => table.with[name] !== used[name]);
  for (const name of others)
    console.log(
      `${name} is ${used[name]}, and test/budget/table.json is of ${table.with[name]}: npm run budget -- --write`,
    );
  const late = missed(table, found);
  if (late.length > 0) {
    const before = readDetails();
    const inScript = counted('steps', await buildCounting(), harness, late);
    for (const id of late) console.log(grown(id, before[id], details(found[id], inScript[id])));
    console.log(
      'Whoever has to raise a row: npm run budget -- --write NAME, with the reason as "why" in test/budget/table.json.',
    );
  }
  return { passed: late.length === 0 && others.length === 0 };
}

/** Each row, in namespaces of its own. @param {'work' | 'steps'} what @param {string} program @param {string} harness @param {readonly string[]} names @returns {Record<string, Counted>} */
function counted(what, program, harness, names) {
  const inside = ['--user', '--map-root-user', '--pid', '--fork', '--mount-proc', '--net', '--kill-child'];
  const words = [...inside, process.execPath, join(here, 'world.js'), what, program, harness, ...names];
  return JSON.parse(
    execFileSync('unshare', words, {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
}

/** What a row depends on beside our own code. @returns {Record<string, string>} */
function versions() {
  const said = (/** @type {string} */ program, /** @type {string[]} */ ...args) =>
    /\d+(\.\d+)+/.exec(execFileSync(program, args, { encoding: 'utf8' }))?.[0] ?? 'unknown';
  return {
    'QuickJS-ng': enginePackage.version,
    musl: said('dpkg-query', '-W', 'musl-dev'),
    gcc: said('gcc', '-dumpfullversion'),
    valgrind: said('valgrind', '--version'),
  };
}

/** @returns {Table} */
function readTable() {
  return JSON.parse(readFileSync(tablePath, 'utf8'));
}

/** @param {Table} table @param {Readonly<Record<string, Counted>>} found */
function writeTable({ rows: before }, found) {
  const limits = ids.map((id) => {
    const { why } = before[id] ?? {};
    const now = found[id];
    const limit = now
      ? Object.fromEntries(measured(now).map(({ name, value }) => [name, value]))
      : before[id];
    return [id, { ...limit, why }];
  });
  const lines = limits.map(([id, limit]) => `    ${JSON.stringify(id)}: ${JSON.stringify(limit)}`);
  const text = `{\n  "with": ${JSON.stringify(versions())},\n  "rows": {\n${lines.join(',\n')}\n  }\n}\n`;
  writeFileSync(tablePath, text);
}

/** @returns {Record<string, Details>} */
function readDetails() {
  return JSON.parse(readFileSync(detailsPath, 'utf8'));
}

/** Where each row's work is, so that what grows can be named: a line for each. @param {Readonly<Record<string, Counted>>} found @param {Readonly<Record<string, Counted>>} inScript */
function writeDetails(found, inScript) {
  const before = readDetails();
  const lines = ids.map((id) => {
    const now = found[id] ? details(found[id], inScript[id]) : before[id];
    return `  ${JSON.stringify(id)}: ${JSON.stringify(now)}`;
  });
  writeFileSync(detailsPath, `{\n${lines.join(',\n')}\n}\n`);
}

/** Without what is little. @param {Counted | undefined} counted @param {Counted | undefined} inScript @returns {Details} */
function details(counted, inScript) {
  const most = (/** @type {ByName} */ all = {}, /** @type {number} */ share = 0) => {
    const least = share * Object.values(all).reduce((sum, each) => sum + each, 0);
    const some = Object.entries(all).filter(([, value]) => value >= least);
    return Object.fromEntries(some.sort(([, a], [, b]) => b - a));
  };
  return {
    calls: most(counted?.calls),
    functions: most(counted?.functions, 1 / 500),
    steps: most(inScript?.steps, 1 / 500),
  };
}
