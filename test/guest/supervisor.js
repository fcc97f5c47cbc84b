// node supervisor.js FOLDER: starts the programs that FOLDER/plan.json names and outlives nobody: when its stdin ends
// (the test run is over, crashed or was killed) it kills them and removes FOLDER. With "detached": true in the plan it
// lasts until SIGTERM or until the guest has powered off. Should it be killed itself, the kernel kills its children.
import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = process.argv[2];
const plan = JSON.parse(readFileSync(`${folder}/plan.json`, 'utf8'));
const children = [];
let ending = false;

process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', end);
if (!plan.detached) process.stdin.on('end', end).on('error', end).resume();
process.stdout.on('error', () => {});

try {
  for (const one of plan.processes) await start(one);
  tell({ pids: Object.fromEntries(children.map(({ name, child }) => [name, child.pid])) });
} catch (error) {
  tell({ error: error.message });
  await end();
}

async function start({ name, argv, socket }) {
  const log = openSync(`${folder}/${name}.log`, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], { stdio: ['ignore', log, log] });
  const gone = new Promise((resolve) => child.once('error', resolve).once('exit', resolve));
  const one = { name, child, gone };
  children.push(one);
  gone.then(() => {
    one.over = true;
    tell({ exited: name });
    if (plan.detached && name === 'qemu') end();
  });
  for (const until = Date.now() + 20_000; !existsSync(socket); await sleep(20)) {
    if (one.over || Date.now() > until) {
      throw new Error(
        `${name} ${one.over ? 'ended' : 'made no socket'}: ${readFileSync(`${folder}/${name}.log`, 'utf8')}`,
      );
    }
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

function tell(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
