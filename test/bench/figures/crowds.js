/** @import { Proxies } from '../competitors.js' */
/** @import { Figure, Programs } from '../types.js' */
import { readFileSync } from 'node:fs';
import { runHarness } from '../harness.js';
import { socketName } from './units.js';

/** @param {Programs} programs @param {string} socket @param {Proxies} all @param {boolean} quick @returns {Figure[]} */
export function crowds({ harness }, socket, all, quick) {
  const count = quick ? 100 : 1000;
  /** @type {Map<string, { failed: number, left: number }>} */
  const seen = new Map();
  const taking = [all.executable.pass, all.systemd];
  const less = /** @type {const} */ ('less');
  const counted = (/** @type {'failed' | 'left'} */ what) =>
    taking.map(({ name, absent }) => ({
      name,
      absent,
      measure: async () => seen.get(name)?.[what] ?? Number.NaN,
    }));
  const counts = /** @type {const} */ ([
    ['failed', 'failures among them'],
    ['left', 'processes left running'],
  ]);
  return [
    {
      id: 'crowd',
      title: `${count} proxies at once`,
      unit: 's',
      better: less,
      runs: quick ? 1 : 5,
      competitors: taking.map(({ name, absent, root, command }) => ({
        name,
        absent,
        measure: async () => {
          const { ns, failed, left } = await runHarness(harness, {
            mode: 'crowd',
            socket,
            root,
            count,
            'at-once': Math.min(count, roomFor()),
            command: command(socketName),
          });
          const before = seen.get(name) ?? { failed: 0, left: 0 };
          seen.set(name, { failed: before.failed + failed, left: before.left + left });
          return ns / 1e9;
        },
      })),
      targets: [{ of: all.executable.pass.name, peer: all.systemd.name, atMost: 0.35 }],
    },
    ...counts.map(([what, title]) => ({
      id: `crowd-${what}`,
      title,
      unit: '',
      better: less,
      runs: 1,
      competitors: counted(what),
      targets: [{ of: all.executable.pass.name, atMost: 0 }],
    })),
  ];
}

/** How many proxies the memory has room for; one takes less than 32 MiB. */
function roomFor() {
  const available =
    Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
  return Math.max(1, Math.floor(available / 2 / 2 ** 25));
}
