// npm run test:stress: see test/runs/runs.js and docs/contributing/reliability.md.
/** @import { Choice, Result } from '../runs/types.js' */
/** @import { Done, Load } from './types.js' */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeBed } from './bed.js';
import { loads, longest } from './loads.js';

const dist = (/** @type {string} */ name) => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
const runtimes = [
  { name: /** @type {const} */ ('executable'), command: [dist('linux-x64/vmssh')] },
  { name: /** @type {const} */ ('node'), command: [process.execPath, dist('vmssh.js')] },
];

/** Each load on each runtime. @param {Choice} choice @returns {Promise<Result>} */
export async function run(choice) {
  for (const { command } of runtimes) {
    const file = command.at(-1) ?? '';
    if (!existsSync(file)) throw new Error(`no ${file}: run npm run build:exe`);
  }
  const done = await tryAll(choice);
  const failed = done.filter(({ failure }) => failure !== undefined);
  console.log(`\n${done.length - failed.length} passed, ${failed.length} failed`);
  const ssh = spawnSync('ssh', ['-V'], { encoding: 'utf8' }).stderr.split(/[ ,]/)[0] ?? '';
  const what = `${done.length} runs, on both runtimes: logins, relays held open, relays of many bytes`;
  const row = /** @type {const} */ ([what, 'none failed, nothing was left behind', ssh.replace('_', ' ')]);
  return { passed: failed.length === 0, row };
}

/** @param {Choice} choice */
async function tryAll({ names, options: { quick, runtime } }) {
  const bed = await makeBed();
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
    console.log(
      `${one.failure ? 'FAILED' : 'passed'} ${title}, ${on.name}: ${one.failure ?? [one.what, one.more].filter(Boolean).join('; ')}`,
    );
  };
  const wanted = (/** @type {Load} */ { id }) => names.includes(id);
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
