/** @import { Proxies } from '../competitors.js' */
/** @import { Figure, Programs } from '../types.js' */
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { finish } from '../../runs/children.js';
import { pathOf } from '../peers.js';
import { socketName } from './units.js';

/**
 * What a proxy's own code does, which does not depend on the load. callgrind counts each byte of a copy by `rep movsb`, that of the
 * executable's image too.
 * @param {Programs} programs
 * @param {string} folder
 * @param {Proxies} all
 * @param {number} runs
 * @returns {Figure}
 */
export function instructions({ executable, valgrind }, folder, all, runs) {
  const out = join(folder, 'callgrind.out');
  const counted = (/** @type {string} */ name, /** @type {readonly string[]} */ command) => ({
    name,
    absent: valgrind.absent,
    measure: async () => {
      const socket = join(folder, socketName);
      rmSync(socket, { force: true }); // the last figure's
      const server = createServer((connection) => connection.end()).listen(socket);
      await once(server, 'listening');
      try {
        // Its stdout is a socket, as ssh's is: it passes another one over it.
        const traced = ['-q', '--tool=callgrind', `--callgrind-out-file=${out}`, ...command];
        await finish(pathOf(valgrind), traced, { stdio: ['ignore', 'pipe', 'inherit'] });
      } finally {
        server.close();
      }
      const [, total = 'NaN'] = /^(?:summary|totals): (\d+)/m.exec(readFileSync(out, 'utf8')) ?? [];
      return Number(total) / 1e6;
    },
  });
  const { executable: ours, c } = all;
  return {
    id: 'instructions',
    title: 'host name → banner, fd passing: instructions',
    unit: 'million',
    better: 'less',
    runs,
    competitors: [
      counted(ours.pass.name, ours.pass.command(socketName)),
      counted(`${ours.pass.name}, --version`, [executable, '--version']),
      counted(c.name, c.command(socketName)),
    ],
    targets: [],
  };
}
