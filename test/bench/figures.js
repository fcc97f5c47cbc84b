/** @import { Contender, Figure, Job, Programs, TimedMode } from './types.js' */
import { runHarness } from './harness.js';
import { loginCommand, prepareLogin } from './login.js';
import { manyMachines } from './many.js';
import { contenders } from './programs.js';

const ms = (/** @type {number} */ ns) => ns / 1e6;
const less = /** @type {const} */ ('less');
const more = /** @type {const} */ ('more');

/**
 * Every figure, in the order of the page.
 * @param {Programs} programs
 * @param {string} folder for sockets, in the peers' root if there is one
 * @param {boolean} quick
 * @returns {Figure[]}
 */
export function figures(programs, folder, quick) {
  const { harness } = programs;
  const socket = `${folder}/s`;
  const { ours, node, newest, others } = contenders(programs, socket);
  const relaying = [ours.relay, others.socat, others.ncat, node.relay, newest.relay];
  const runs = (/** @type {number} */ full, /** @type {number} */ few) => (quick ? few : full);
  const timed = (
    /** @type {Contender} */ { name, absent, root, command },
    /** @type {TimedMode} */ mode,
    /** @type {Pick<Job, 'bytes' | 'count'>} */ options = {},
    convert = ms,
  ) => ({
    name,
    absent,
    measure: async () => {
      const job = { mode, root, socket, ...options, command };
      return convert((await runHarness(harness, job)).ns);
    },
  });
  const bytes = quick ? 2 ** 26 : 2 ** 30;
  const rate = (/** @type {number} */ ns) => bytes / 2 ** 30 / (ns / 1e9);
  return [
    {
      ...{
        id: 'start-pass',
        title: 'host name → banner, fd passing',
        unit: 'ms',
        better: less,
        runs: runs(60, 4),
      },
      competitors: [
        ...[ours.pass, others.systemd, others.c, node.pass, newest.pass].map((each) =>
          timed(each, 'banner-fd'),
        ),
        ...[others.bare, others.bareNewest].map((each) => timed(each, 'process')),
      ],
      targets: [
        { of: ours.pass.name, peer: others.systemd.name, atMost: 0.29 },
        { of: ours.pass.name, peer: others.c.name, atMost: 1.5 },
        { of: node.pass.name, peer: others.bare.name, atMost: 1.1 },
        { of: newest.pass.name, peer: others.bareNewest.name, atMost: 1.1 },
      ],
    },
    {
      // ssh and sshd take most of it, and vary more than the proxies differ.
      ...{ id: 'login', title: '`ssh host true`', unit: 'ms', better: less, runs: runs(60, 2) },
      ...logins(programs, folder, socket),
    },
    {
      ...{
        id: 'start-relay',
        title: 'host name → banner, relay',
        unit: 'ms',
        better: less,
        runs: runs(60, 4),
      },
      competitors: relaying.map((each) => timed(each, 'banner-pipes')),
      targets: [{ of: ours.relay.name, peer: others.socat.name, atMost: 0.55 }],
    },
    .../** @type {const} */ (['bulk-up', 'bulk-down']).map((mode) => ({
      ...{ id: mode, unit: 'GiB/s', better: more, runs: runs(5, 2) },
      title: `relay of ${bytes / 2 ** 20} MiB, ${mode === 'bulk-up' ? 'pipe → socket' : 'socket → pipe'}`,
      competitors: relaying.map((each) => timed(each, mode, { bytes }, rate)),
      targets: [{ of: ours.relay.name, peer: others.socat.name, atLeast: 3 }],
    })),
    {
      ...{ id: 'echo', title: 'relay, round trip of 1 byte', unit: 'µs', better: less, runs: runs(9, 2) },
      competitors: relaying.map((each) =>
        timed(each, 'echo', { count: quick ? 2000 : 10_000 }, (ns) => ns / 1e3),
      ),
      targets: [{ of: ours.relay.name, peer: others.socat.name, atMost: 1.1 }],
    },
    {
      ...{
        id: 'crowd',
        title: `${runs(1000, 100)} proxies at once`,
        unit: 's',
        better: less,
        runs: runs(5, 1),
      },
      competitors: [ours.pass, others.systemd].map(({ name, absent, root, command }) => ({
        name,
        absent,
        measure: async () => {
          const count = runs(1000, 100);
          const job = {
            mode: /** @type {const} */ ('crowd'),
            socket,
            root,
            count,
            'at-once': count,
            command,
          };
          const { ns, failed, left } = await runHarness(harness, job);
          if (failed + left > 0) throw new Error(`${failed} failed, ${left} processes are left`);
          return ns / 1e9;
        },
      })),
      targets: [{ of: ours.pass.name, peer: others.systemd.name, atMost: 0.35 }],
    },
    ...manyMachines(programs, folder, quick),
  ];
}

/** @param {Programs} programs @param {string} folder @param {string} socket @returns {Pick<Figure, 'competitors' | 'targets'>} */
function logins(programs, folder, socket) {
  const { ours, others } = contenders(programs, socket);
  const absent = programs.ssh.absent ?? programs.sshd.absent ?? programs.sshKeygen.absent;
  const serve = absent ? '' : prepareLogin(programs, folder);
  const login = (/** @type {Contender} */ proxy, pass = true, name = proxy.name, options = {}) => ({
    name,
    absent: absent ?? proxy.absent,
    measure: async () => {
      const command = loginCommand(programs, folder, proxy, pass, options);
      const job = { mode: /** @type {const} */ ('login'), socket, serve, command, env: { HOME: folder } };
      return ms((await runHarness(programs.harness, job)).ns);
    },
  });
  const [program = ''] = ours.pass.command;
  // As `vmssh config install` has ssh ask for the host key: by itself, as the record is for the program that started it.
  const withKeys = 'vmssh, executable, with KnownHostsCommand';
  const asking = {
    ProxyCommand: [...ours.pass.command, '--record'].map((word) => `'${word}'`).join(' '),
    StrictHostKeyChecking: 'accept-new',
    KnownHostsCommand: `${program} host-key -- %I %H %t %K`,
  };
  return {
    competitors: [
      ...[login(ours.pass), login(others.systemd), login(ours.pass, true, withKeys, asking)],
      login(others.socat, false, 'socat, relay'),
    ],
    targets: [
      { of: ours.pass.name, peer: others.systemd.name, atMost: 0.99 },
      { of: ours.pass.name, peer: 'socat, relay', atMost: 1 },
      { of: withKeys, peer: ours.pass.name, atMost: 1.03 },
    ],
  };
}
