/** @import { Answers, Figure, Programs } from '../types.js' */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runHarness } from '../harness.js';
import { socketName } from './units.js';

/** @param {Programs} programs @param {string} folder @param {string} socket @param {boolean} quick @returns {Figure[]} */
export function leftovers({ harness, node, newestNode, index, versions }, folder, socket, quick) {
  const count = quick ? 100 : 1000;
  const script = fileURLToPath(new URL('../programs/sessions.js', import.meta.url));
  const runtimes = [
    { name: `library, Node ${process.versions.node.split('.')[0]}`, path: node },
    { name: `library, Node ${versions['newest node'].replace('v', '').split('.')[0]}`, path: newestNode },
  ];
  /** @type {Map<string, Promise<Answers['beside']>>} */
  const answers = new Map();
  const after = (/** @type {string} */ path) => {
    const command = [path, script, index, `unix${join(folder, socketName)}`, String(count)];
    const answer = answers.get(path) ?? runHarness(harness, { mode: 'beside', socket, command });
    answers.set(path, answer);
    return answer;
  };
  return /** @type {const} */ (['descriptors', 'threads']).map((what) => ({
    id: what,
    title: `extra ${what} after ${count} sessions`,
    unit: '',
    better: 'less',
    runs: 1,
    competitors: runtimes.map(({ name, path }) => ({
      name,
      measure: async () => {
        const { before, after: then } = await after(path);
        return then[what] - before[what];
      },
    })),
    targets: runtimes.map(({ name }) => ({ of: name, atMost: 0 })),
  }));
}
