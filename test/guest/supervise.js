import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tail } from './execute.js';

const script = fileURLToPath(new URL('./supervisor.js', import.meta.url));

// Starts the programs of the folder's plan under a supervisor, and gives their pids and what becomes of them.
export async function supervise(folder) {
  const log = openSync(`${folder}/supervisor.log`, 'a');
  const child = spawn(process.execPath, [script, folder], { detached: true, stdio: ['pipe', 'pipe', log] });
  closeSync(log);
  child.stdin.on('error', () => {}); // it may have ended already
  const over = new Promise((resolve) => child.once('exit', resolve));
  const exits = new Exits();
  const logOf = (name) =>
    existsSync(`${folder}/${name}.log`) ? tail(readFileSync(`${folder}/${name}.log`, 'utf8')) : '';
  const pids = await new Promise((resolve, reject) => {
    child.once('error', reject);
    over.then((code) => reject(new Error(`the guest's supervisor ended (${code})\n${logOf('supervisor')}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      if (message.pids) resolve(message.pids);
      if (message.error) reject(new Error(message.error));
      if (message.exited) exits.add(message.exited);
    });
  });

  return {
    pid: child.pid,
    pids,
    exited: (name) => exits.has(name),
    whenExited: (name) => exits.when(name),
    log: logOf,
    async stop() {
      child.stdin.end();
      await over;
    },
    detach() {
      child.stdin.end('detach\n');
      child.stdout.destroy();
      child.unref();
    },
  };
}

class Exits {
  #names = new Set();
  #waiting = [];

  add(name) {
    this.#names.add(name);
    for (const look of this.#waiting) look();
  }

  has(name) {
    return this.#names.has(name);
  }

  when(name) {
    return new Promise((resolve) => {
      const look = () => this.has(name) && resolve();
      this.#waiting.push(look);
      look();
    });
  }
}
