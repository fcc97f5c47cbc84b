#!/usr/bin/env node
// npm run test:stress: many logins, relays and bytes, with nothing lost or left behind. See docs/contributing/reliability.md.
/** @import { Done, Load } from './types.js' */
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBed } from './bed.js';
import { loads, longest } from './loads.js';
import { keepLoads, words } from './section.js';

const ids = [...loads, longest].map(({ id }) => id);
const usage = `Usage: npm run test:stress -- [options]

Runs vmssh under load, on Node and as the executable. It compares every byte, and counts the descriptors, threads,
processes and files that are left behind. A full run takes 40 minutes on two processors.

  --quick           fewer of each: about a minute
  --only ID         only this load; can be repeated: ${ids.join(', ')}
  --runtime NAME    only this runtime: node or executable
  --write           write the result to docs/contributing/reliability.md and dist/reliability; with --only, the others keep theirs

Examples:
  npm run test:stress -- --quick
  npm run test:stress -- --only stream --runtime executable

Exit codes: 0 nothing failed; 1 something did; 2 wrong usage.`;

const options = /** @type {const} */ ({
  quick: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true },
  runtime: { type: 'string' },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
});
const dist = (/** @type {string} */ name) => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
const runtimes = [
  { name: /** @type {const} */ ('executable'), command: [dist('linux-x64/vmssh')] },
  { name: /** @type {const} */ ('node'), command: [process.execPath, dist('vmssh.js')] },
];

process.exitCode = await main();

async function main() {
  let values;
  try {
    ({ values } = parseArgs({ options }));
    const { only = ids, runtime = 'node', write, quick } = values;
    const unknown = only.find((id) => !ids.includes(id));
    if (unknown !== undefined) throw new Error(`no load "${unknown}": one of ${ids.join(', ')}`);
    if (!runtimes.some(({ name }) => name === runtime))
      throw new Error(`no runtime "${runtime}": node or executable`);
    if (write && (quick || values.runtime)) throw new Error('--write needs a full run, on both runtimes');
  } catch (error) {
    console.error(`stress: ${/** @type {Error} */ (error).message}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    console.log(usage);
    return 0;
  }
  for (const { command } of runtimes) {
    const file = command.at(-1) ?? '';
    if (!existsSync(file)) throw new Error(`no ${file}: run npm run build:exe`);
  }
  const done = await tryAll(values);
  const failed = done.filter(({ failure }) => failure !== undefined);
  console.log(`\n${done.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

/** @param {{ quick: boolean, write: boolean, only?: string[], runtime?: string }} values */
async function tryAll({ quick, write, only, runtime }) {
  const bed = await makeBed();
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
  process.once('exit', () => rmSync(bed.folder, { recursive: true, force: true }));
  const chosen = runtimes.filter(({ name }) => runtime === undefined || name === runtime);
  /** @type {Done[]} */
  const done = [];
  const attempt = async (/** @type {Load} */ load, /** @type {typeof runtimes[number]} */ on) => {
    const { id, title } = load;
    /** @type {Done} */
    let one;
    try {
      const held = await load.run(bed, on, load[quick ? 'quick' : 'full'][on.name]);
      one = { id, title, runtime: on.name, ...held };
    } catch (error) {
      one = { id, title, runtime: on.name, what: '', failure: /** @type {Error} */ (error).message };
    }
    done.push(one);
    // At once, so that an interrupted run keeps its results.
    if (write) keepLoads(done);
    console.log(`${one.failure ? 'FAILED' : 'passed'} ${title}, ${on.name}: ${one.failure ?? words(one)}`);
  };
  const wanted = (/** @type {Load} */ { id }) => only === undefined || only.includes(id);
  const background = wanted(longest) ? chosen.map((on) => attempt(longest, on)) : [];
  for (const load of loads.filter(wanted)) for (const on of chosen) await attempt(load, on);
  await Promise.all(background);
  try {
    await bed.checkLeft();
  } catch (error) {
    const failure = /** @type {Error} */ (error).message;
    console.log(`FAILED ${failure}`);
    done.push({ id: 'left', title: 'nothing is left behind', runtime: 'node', what: '', failure });
  }
  return done;
}
