import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tail } from './execute.js';

const script = fileURLToPath(new URL('./supervisor.js', import.meta.url));

// Starts the plan in a folder. The supervisor ends it all when we end, by whatever cause, because its stdin then ends.
export async function supervise(folder, detached = false) {
  const stdio = [detached ? 'ignore' : 'pipe', 'pipe', 'inherit'];
  const child = spawn(process.execPath, [script, folder], { detached: true, stdio });
  const over = new Promise((resolve) => child.once('exit', resolve));
  const exits = new Map();
  const exit = (name) => {
    if (!exits.has(name)) exits.set(name, signal());
    return exits.get(name);
  };
  const pids = await new Promise((resolve, reject) => {
    child.once('error', reject);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      if (message.pids) resolve(message.pids);
      if (message.error) reject(new Error(message.error));
      if (message.exited) exit(message.exited).set();
    });
    over.then((code) => reject(new Error(`the guest's supervisor ended at once (${code})`)));
  });
  if (detached) child.unref();
  return {
    pid: child.pid,
    pids,
    exited: (name) => exit(name).isSet,
    whenExited: (name) => exit(name).wait,
    log: (name) =>
      existsSync(`${folder}/${name}.log`) ? tail(readFileSync(`${folder}/${name}.log`, 'utf8')) : '',
    async stop() {
      child.kill('SIGTERM');
      await over;
    },
  };
}

function signal() {
  const one = { isSet: false };
  one.wait = new Promise((resolve) => {
    one.set = () => {
      one.isSet = true;
      resolve();
    };
  });
  return one;
}
