// node supervisor.js FOLDER: starts the programs that FOLDER/plan.json names and outlives nobody. When its stdin ends
// (the test run is over, crashed or was killed) it kills them and removes FOLDER. After the line "detach" on its stdin
// it lasts until SIGTERM, or until the guest has powered off. If it is killed itself, the kernel kills its children.
/** @import { GuestProgram } from '../types.js' */
import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @typedef {object} Running
 * @property {string} name
 * @property {import('node:child_process').ChildProcess} child
 * @property {Promise<unknown>} gone
 */

const folder = process.argv[2] ?? '';
/** @type {Running[]} */
const children = [];
let detached = false;
let ending = false;

process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', end);
process.stdin.setEncoding('utf8').on('data', (/** @type {string} */ line) => {
  detached ||= line.startsWith('detach');
});
process.stdin.on('close', () => detached || end());
process.stdout.on('error', () => {}); // nobody listens any more

try {
  const { processes } = JSON.parse(readFileSync(`${folder}/plan.json`, 'utf8'));
  for (const one of processes) await start(one);
  tell({ pids: Object.fromEntries(children.map(({ name, child }) => [name, child.pid])) });
} catch (error) {
  tell({ error: error instanceof Error ? error.message : String(error) });
  await end();
}

/** @param {GuestProgram} program */
async function start({ name, argv, socket }) {
  const log = openSync(`${folder}/${name}.log`, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], { stdio: ['ignore', log, log] });
  let over = false;
  const gone = new Promise((resolve) => child.once('error', resolve).once('exit', resolve)).then(() => {
    over = true;
    tell({ exited: name });
    if (detached && name === 'qemu') end();
  });
  children.push({ name, child, gone });
  for (const until = Date.now() + 20_000; !existsSync(socket); await sleep(20)) {
    if (!over && Date.now() < until) continue;
    const log = readFileSync(`${folder}/${name}.log`, 'utf8');
    throw new Error(`${name} ${over ? 'ended' : 'made no socket'}\n${log}`);
  }
}

async function end() {
  if (ending) return;
  ending = true;
  for (const { child } of children.toReversed()) child.kill('SIGKILL');
  await Promise.all(children.map(({ gone }) => gone));
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}

/** @param {unknown} message */
function tell(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
