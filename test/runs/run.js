#!/usr/bin/env node
// npm run bench, fuzz, test:stress and the others of runs.js: `node test/runs/run.js --help` lists them.
import '../../build/ready.js';
import { endOnSignals, finish } from './children.js';
import { choose } from './choose.js';
import { helpOf, tableOfRuns } from './help.js';
import { writePages } from './page.js';
import { missing } from './programs.js';
import { runs } from './runs.js';

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} args */
async function main([name, ...args]) {
  if (name === undefined || name === '--help' || name === '-h') {
    console.log(tableOfRuns(runs));
    return name === undefined ? 2 : 0;
  }
  const run = runs.find((each) => each.name === name);
  if (!run) {
    console.error(`no run "${name}": one of ${runs.map((each) => each.name).join(', ')}; see --help`);
    return 2;
  }
  const names = await run.names?.all?.();
  let choice;
  try {
    choice = choose(run, names, args);
  } catch (error) {
    console.error(`${name}: ${/** @type {Error} */ (error).message}\n\n${helpOf(run, names)}`);
    return 2;
  }
  if (choice.help) {
    console.log(helpOf(run, names));
    return 0;
  }
  endOnSignals();
  try {
    const lacks = missing(run.needs);
    if (lacks !== undefined) throw new Error(lacks);
    if (choice.build) for (const script of run.builds) await build(script);
    const { run: start } = await run.load();
    return (await start(choice, (made) => choice.write && writePages(run, made))) ? 0 : 1;
  } catch (error) {
    const { name: kind, message, stack } = /** @type {Error} */ (error);
    console.error(`${name}: ${kind === 'Error' ? message : stack}`);
    return 1;
  }
}

/** On stderr, as stdout may be for JSON. @param {string} script */
async function build(script) {
  const status = await finish('npm', ['run', '--silent', script], { stdio: ['ignore', 2, 'inherit'] });
  if (status !== 0) throw new Error(`npm run ${script} ended with ${status}`);
}
