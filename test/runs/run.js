#!/usr/bin/env node
// npm run bench, fuzz, test:stress and the others of runs.js: `node test/runs/run.js --help` lists them.
/** @import { Choice, ParsedOptions, Result, Run } from './types.js' */
import '../../build/ready.js';
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { parseArgs } from 'node:util';
import { endOnSignals, finish } from './children.js';
import { missing } from './programs.js';
import { runs } from './runs.js';

const page = 'docs/contributing/reliability.md';

const shared = /** @type {const} */ ({
  write: { type: 'boolean', says: `writes its row of ${page}, or pages of its own` },
  'no-build': { type: 'boolean', says: 'takes dist/ as it is' },
  help: { type: 'boolean', short: 'h', says: 'prints this' },
});

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} args */
async function main([name, ...args]) {
  const run = runs.find((each) => each.name === name);
  if (!run) {
    console.error(`Usage: npm run SCRIPT -- [options]\n\n${runs.map(lineOf).join('\n')}`);
    return name === '--help' ? 0 : 2;
  }
  try {
    const { choice, build, help } = await choose(run, args);
    if (help) {
      console.log(await helpOf(run));
      return 0;
    }
    endOnSignals();
    const lacks = missing(run.needs ?? {});
    if (lacks !== undefined) throw new Error(lacks);
    if (build) for (const script of run.builds ?? []) await buildBy(script);
    const { run: start } = await run.load();
    const result = await start(choice);
    if (choice.write && result.passed) writeRow(run, result);
    return result.passed ? 0 : 1;
  } catch (error) {
    const { name: kind, message, stack } = /** @type {Error} */ (error);
    const isUsage = /^ERR_PARSE_ARGS|^USAGE$/.test(/** @type {NodeJS.ErrnoException} */ (error).code ?? '');
    console.error(`${name}: ${isUsage || kind === 'Error' ? message : stack}`);
    if (isUsage) console.error(`\n${await helpOf(run)}`);
    return isUsage ? 2 : 1;
  }
}

/** @param {Run} run @param {string[]} args */
async function choose({ names, options = {} }, args) {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const { values, positionals } = parseArgs({
    args: args.slice(0, end),
    options: { .../** @type {ParsedOptions} */ (options), ...shared },
    allowPositionals: true,
  });
  const { write, help, 'no-build': unbuilt, ...own } = values;
  const all = await names?.();
  const isMeant = (/** @type {string} */ each) =>
    positionals.some((by) => each === by || each.startsWith(`${by}-`));
  const chosen = all && positionals.length > 0 ? all.filter(isMeant) : (all ?? positionals);
  if (all && chosen.length === 0)
    throw Object.assign(new Error(`no ${positionals.join(' ')}: one of ${all.join(', ')}`), {
      code: 'USAGE',
    });
  /** @type {Choice} */
  const choice = {
    names: chosen,
    options: /** @type {Choice['options']} */ (own),
    rest: args.slice(end + 1),
    write: write === true,
  };
  return { choice, build: unbuilt !== true, help: help === true };
}

/** @param {Run} run */
function lineOf({ script, summary }) {
  return `  npm run ${script.padEnd(14)}  ${summary}`;
}

/** @param {Run} run */
async function helpOf(run) {
  const all = await run.names?.();
  /** @type {Readonly<NonNullable<Run['options']>>} */
  const options = { ...run.options, ...shared };
  const rows = Object.entries(options).map(
    ([option, { type, says }]) => `  --${`${option}${type === 'string' ? ' VALUE' : ''}`.padEnd(16)} ${says}`,
  );
  const chosen = all ? `\n\nNames, or how several begin: ${all.join(', ')}.` : '';
  return `Usage: npm run ${run.script} -- [NAME…] [options]\n\n${run.summary}${chosen}\n\n${rows.join('\n')}`;
}

/** On stderr, as stdout may be for JSON. @param {string} script */
async function buildBy(script) {
  const status = await finish('npm', ['run', '--silent', script], { stdio: ['ignore', 2, 'inherit'] });
  if (status !== 0) throw new Error(`npm run ${script} ended with ${status}`);
}

/** @param {Run} run @param {Result} result */
function writeRow({ name, script }, { row }) {
  if (row === undefined) return;
  const [what, result, on] = row;
  const system = `Linux ${release().replace(/-.*/, '')} ${arch()}, Node ${process.version.slice(1)}`;
  const cells = [name, what, result, `\`npm run ${script} -- --write\``, on ? `${system}, ${on}` : system];
  const lines = readFileSync(page, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${name} |`));
  if (at < 0) throw new Error(`${page} has no row "${name}"`);
  writeFileSync(page, lines.with(at, `| ${cells.join(' | ')} |`).join('\n'));
}
