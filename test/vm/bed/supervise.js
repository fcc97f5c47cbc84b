/** @import { ChildProcessByStdio } from 'node:child_process' */
/** @import { Readable, Writable } from 'node:stream' */
/** @import { Pids } from '../types.js' */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tail } from './execute.js';

const script = fileURLToPath(new URL('./supervisor.js', import.meta.url));

/** @typedef {Awaited<ReturnType<typeof supervise>>} Supervisor */

/**
 * Starts the programs of the folder's plan under a supervisor, and gives their pids and what becomes of them.
 * @param {string} folder
 */
export async function supervise(folder) {
  const log = openSync(`${folder}/supervisor.log`, 'a');
  const child = /** @type {ChildProcessByStdio<Writable, Readable, null>} */ (
    spawn(process.execPath, [script, folder], { detached: true, stdio: ['pipe', 'pipe', log] })
  );
  closeSync(log);
  const { stdin, stdout } = child;
  stdin.on('error', () => {}); // it may have ended already
  /** @type {Promise<number | null>} */
  const over = new Promise((resolve) => child.once('exit', resolve));
  const exits = new Exits();
  const logOf = (/** @type {string} */ name) =>
    existsSync(`${folder}/${name}.log`) ? tail(readFileSync(`${folder}/${name}.log`, 'utf8')) : '';
  /** @type {Pids} */
  const pids = await new Promise((resolve, reject) => {
    child.once('error', reject);
    over.then((code) => reject(new Error(`the guest's supervisor ended (${code})\n${logOf('supervisor')}`)));
    createInterface({ input: stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      if (message.pids) resolve(message.pids);
      if (message.error) reject(new Error(message.error));
      if (message.exited) exits.add(message.exited);
    });
  });

  return {
    pid: child.pid ?? 0,
    pids,
    exited: (/** @type {string} */ name) => exits.has(name),
    whenExited: (/** @type {string} */ name) => exits.when(name),
    log: logOf,
    async stop() {
      stdin.end();
      await over;
    },
    detach() {
      stdin.end('detach\n');
      stdout.destroy();
      child.unref();
    },
  };
}

class Exits {
  /** @type {Set<string>} */
  #names = new Set();
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {string} name */
  add(name) {
    this.#names.add(name);
    for (const look of this.#waiting) look();
  }

  /** @param {string} name */
  has(name) {
    return this.#names.has(name);
  }

  /** @param {string} name @returns {Promise<void>} */
  when(name) {
    return new Promise((resolve) => {
      const look = () => {
        if (this.has(name)) resolve();
      };
      this.#waiting.push(look);
      look();
    });
  }
}
