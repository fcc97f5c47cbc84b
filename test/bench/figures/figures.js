/** @import { Contender, Figure, Job, Programs, TimedMode } from '../types.js' */
import { join } from 'node:path';
import { bareStarts, proxies } from '../competitors.js';
import { runHarness, whileHeld } from '../harness.js';
import { settledSize } from '../memory.js';
import { commands } from './commands.js';
import { crowds } from './crowds.js';
import { instructions } from './instructions.js';
import { leftovers } from './leftovers.js';
import { logins, withHostKeys } from './logins.js';
import { milliseconds, socketName } from './units.js';

/**
 * Every figure of the table, in its order. `folder` is where the sockets are made.
 * @param {Programs} programs
 * @param {string} folder
 * @param {boolean} quick
 * @returns {Figure[]}
 */
export function figures(programs, folder, quick) {
  const { harness } = programs;
  const socket = join(folder, socketName);
  const all = proxies(programs, folder);
  const bare = bareStarts(programs);
  const passing = [all.executable.pass, all.systemd, all.c, all.node.pass, all.newestNode.pass];
  const relaying = [all.executable.relay, all.socat, all.ncat, all.node.relay, all.newestNode.relay];
  const runs = (/** @type {number} */ full, /** @type {number} */ few) => (quick ? few : full);

  const timed = (
    /** @type {Contender | Contender<readonly string[]>} */ proxy,
    /** @type {TimedMode} */ mode,
    /** @type {Pick<Job, 'bytes' | 'count'>} */ options = {},
    convert = milliseconds,
  ) => ({
    name: proxy.name,
    absent: proxy.absent,
    measure: async () => {
      const command = typeof proxy.command === 'function' ? proxy.command(socketName) : proxy.command;
      const answer = await runHarness(harness, { mode, root: proxy.root, socket, ...options, command });
      return convert(answer.ns);
    },
  });
  const less = /** @type {const} */ ('less');
  const more = /** @type {const} */ ('more');

  return [
    {
      id: 'start-pass',
      title: 'host name → banner, fd passing',
      unit: 'ms',
      better: less,
      runs: runs(60, 4),
      competitors: [
        ...passing.map((proxy) => timed(proxy, 'banner-fd')),
        ...[bare.c, bare.node, bare.newestNode, bare.libvirt].map((each) => timed(each, 'process')),
        ...[bare.nodeByte, bare.newestNodeByte].map((each) => timed(each, 'banner-pipes')),
      ],
      targets: [
        { of: all.executable.pass.name, peer: all.systemd.name, atMost: 0.29 },
        { of: all.executable.pass.name, peer: all.c.name, atMost: 1.5 },
        { of: all.node.pass.name, peer: bare.node.name, atMost: 1.1 },
        { of: all.newestNode.pass.name, peer: bare.newestNode.name, atMost: 1.1 },
      ],
    },
    instructions(programs, folder, all, runs(2, 1)),
    {
      id: 'login',
      title: '`ssh host true`',
      unit: 'ms',
      better: less,
      // ssh and sshd take most of it, and vary more than the proxies differ.
      runs: runs(60, 2),
      competitors: logins(programs, folder, socket, all),
      targets: [
        { of: all.executable.pass.name, peer: all.systemd.name, atMost: 0.99 },
        { of: all.executable.pass.name, peer: 'socat, relay', atMost: 1 },
        { of: withHostKeys, peer: all.executable.pass.name, atMost: 1.03 },
      ],
    },
    {
      id: 'start-relay',
      title: 'host name → banner, relay',
      unit: 'ms',
      better: less,
      runs: runs(60, 4),
      competitors: [...relaying, all.streams].map((proxy) => timed(proxy, 'banner-pipes')),
      targets: [{ of: all.executable.relay.name, peer: all.socat.name, atMost: 0.55 }],
    },
    .../** @type {const} */ (['bulk-up', 'bulk-down']).map((mode) => {
      const bytes = quick ? 2 ** 26 : 2 ** 30;
      const rate = (/** @type {number} */ ns) => bytes / 2 ** 30 / (ns / 1e9);
      return {
        id: mode,
        title: `relay of ${quick ? '64 MiB' : '1 GiB'}, ${mode === 'bulk-up' ? 'pipe → socket' : 'socket → pipe'}`,
        unit: 'GiB/s',
        better: more,
        runs: runs(5, 2),
        competitors: [...relaying, all.streams].map((proxy) => timed(proxy, mode, { bytes }, rate)),
        targets: [{ of: all.executable.relay.name, peer: all.socat.name, atLeast: 3 }],
      };
    }),
    {
      id: 'echo',
      title: 'relay, round trip of 1 byte',
      unit: 'µs',
      better: less,
      runs: runs(9, 2),
      competitors: [...relaying, all.streams].map((proxy) =>
        timed(proxy, 'echo', { count: quick ? 2000 : 10_000 }, (ns) => ns / 1e3),
      ),
      targets: [{ of: all.executable.relay.name, peer: all.socat.name, atMost: 1.1 }],
    },
    ...[1, 10].map((count) => ({
      id: `memory-${count}`,
      title: count === 1 ? 'PSS of one held relay session' : `PSS of each of ${count} held relay sessions`,
      unit: 'MB',
      better: less,
      runs: runs(3, 1),
      competitors: [...relaying, all.streams].map((proxy) => ({
        name: proxy.name,
        absent: proxy.absent,
        measure: () =>
          whileHeld(
            harness,
            { mode: 'hold', socket, count, command: proxy.command(socketName) },
            // During a quick run other programs often run too.
            async ({ pids }) => (await settledSize(pids, quick ? 1 : 0.01)) / count,
          ),
      })),
      targets: [{ of: all.executable.relay.name, atMost: count === 1 ? 1.2 : 0.4 }],
    })),
    ...crowds(programs, socket, all, quick),
    ...leftovers(programs, folder, socket, quick),
    ...commands(programs, folder, quick),
  ];
}
