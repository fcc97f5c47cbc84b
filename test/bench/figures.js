/** @import { Proxies } from './competitors.js' */
/** @import { Answers, Competitor, Contender, Figure, Job, Programs, TimedMode } from './types.js' */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareStarts, proxies } from './competitors.js';
import { runHarness, whileHeld } from './harness.js';
import { loginCommand, prepareLogin } from './login.js';
import { settledSize } from './memory.js';

const socketName = 's';

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
  const passing = [all.executable.pass, all.systemd, all.node.pass, all.newestNode.pass];
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
        { of: all.executable.pass.name, peer: all.systemd.name, atMost: 0.9 },
        { of: all.node.pass.name, peer: bare.node.name, atMost: 1.1 },
        { of: all.newestNode.pass.name, peer: bare.newestNode.name, atMost: 1.1 },
      ],
    },
    {
      id: 'login',
      title: '`ssh host true`',
      unit: 'ms',
      better: less,
      runs: runs(20, 2),
      competitors: logins(programs, folder, socket, all),
      targets: [{ of: all.executable.pass.name, peer: all.systemd.name, atMost: 1 }],
    },
    {
      id: 'start-relay',
      title: 'host name → banner, relay',
      unit: 'ms',
      better: less,
      runs: runs(60, 4),
      competitors: [...relaying, all.streams].map((proxy) => timed(proxy, 'banner-pipes')),
      targets: [{ of: all.executable.relay.name, peer: all.socat.name, atMost: 1.5 }],
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
            async ({ pids }) => (await settledSize(pids)) / count,
          ),
      })),
      targets: count === 1 ? [{ of: all.executable.relay.name, atMost: 9 }] : [],
    })),
    ...crowds(programs, socket, all, quick),
    ...leftovers(programs, folder, socket, quick),
  ];
}

/** @param {Programs} programs @param {string} folder @param {string} socket @param {Proxies} all @returns {Competitor[]} */
function logins(programs, folder, socket, all) {
  const absent = programs.ssh.absent ?? programs.sshd.absent ?? programs.sshKeygen.absent;
  const serve = absent ? '' : prepareLogin(programs, folder);
  const login = (/** @type {Contender} */ proxy, /** @type {boolean} */ pass, name = proxy.name) => ({
    name,
    absent: absent ?? proxy.absent,
    measure: async () => {
      const command = loginCommand(
        programs,
        folder,
        { root: proxy.root, command: proxy.command(socketName) },
        pass,
      );
      return milliseconds((await runHarness(programs.harness, { mode: 'login', socket, serve, command })).ns);
    },
  });
  return [
    ...[all.executable.pass, all.systemd, all.node.pass, all.newestNode.pass].map((proxy) =>
      login(proxy, true),
    ),
    login(all.executable.relay, false, `${all.executable.relay.name}, relay`),
    ...[all.socat, all.ncat, all.streams].map((proxy) => login(proxy, false, `${proxy.name}, relay`)),
  ];
}

/** @param {Programs} programs @param {string} socket @param {Proxies} all @param {boolean} quick @returns {Figure[]} */
function crowds({ harness }, socket, all, quick) {
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
            ...{ mode: 'crowd', socket, root, count, 'at-once': Math.min(count, roomFor()) },
            command: command(socketName),
          });
          const before = seen.get(name) ?? { failed: 0, left: 0 };
          seen.set(name, { failed: before.failed + failed, left: before.left + left });
          return ns / 1e9;
        },
      })),
      targets: [{ of: all.executable.pass.name, peer: all.systemd.name, atMost: 1.1 }],
    },
    {
      id: 'crowd-failed',
      title: 'of these, failed',
      unit: '',
      better: less,
      runs: 1,
      competitors: counted('failed'),
      targets: [{ of: all.executable.pass.name, atMost: 0 }],
    },
    {
      id: 'crowd-left',
      title: 'processes that they left behind',
      unit: '',
      better: less,
      runs: 1,
      competitors: counted('left'),
      targets: [{ of: all.executable.pass.name, atMost: 0 }],
    },
  ];
}

/** How many proxies the memory has room for; one takes less than 32 MiB. */
function roomFor() {
  const available =
    Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
  return Math.max(1, Math.floor(available / 2 / 2 ** 25));
}

/** @param {Programs} programs @param {string} folder @param {string} socket @param {boolean} quick @returns {Figure[]} */
function leftovers({ harness, node, newestNode, index, versions }, folder, socket, quick) {
  const count = quick ? 100 : 1000;
  const script = new URL('programs/sessions.js', import.meta.url).pathname;
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
    title: `${what} after ${count} sessions, more than before`,
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

/** @param {number} ns */
function milliseconds(ns) {
  return ns / 1e6;
}
