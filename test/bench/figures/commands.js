/** @import { Competitor, Figure, Programs } from '../types.js' */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { runHarness } from '../harness.js';
import { withInstances, withMachines } from '../managers.js';
import { pathOf } from '../peers.js';
import { milliseconds } from './units.js';

const counts = [10, 100, 1000, 10_000];
/** What `socat -V` took, in ms, on the machine that the targets of commands come from: on another one they grow with it. */
const socatThere = 2.4;
const scale = 'socat -V, for scale';
/** What ten times the machines may take: ten times as long, and what the processor's caches no longer hold. */
const maxGrowth = 12;

/**
 * What people and scripts wait for, from the start to the end of a process; and the size of a program.
 * @param {Programs} programs
 * @param {string} folder
 * @param {boolean} quick
 * @returns {Figure[]}
 */
export function commands({ harness, executable, node, script, socat }, folder, quick) {
  const [runs, few] = quick ? [2, 1] : [60, 20];
  const ours = { name: 'vmssh, executable', command: [executable] };
  const onNode = { name: `vmssh, Node ${process.versions.node.split('.')[0]}`, command: [node, script] };
  const timed = (
    /** @type {string} */ name,
    /** @type {readonly string[]} */ command,
    /** @type {Readonly<Record<string, string>>} */ env = {},
  ) => runHarness(harness, { mode: 'process', command, env }).then(({ ns }) => milliseconds(ns), named(name));
  const both = (/** @type {readonly string[]} */ args) =>
    [ours, onNode].map(({ name, command }) => ({ name, measure: () => timed(name, [...command, ...args]) }));
  const inList = (/** @type {number} */ count) => `${ours.name}, ${count.toLocaleString('en')} machines`;
  /** @type {Competitor[]} */
  const lists = counts.map((count) => ({
    name: inList(count),
    measure: () =>
      withInstances(join(folder, 'incus'), count, (env) =>
        timed(inList(count), [executable, 'list', '--json', '--provider=incus'], env),
      ),
  }));
  const atMachined = [ours, onNode].map(({ name, command }) => ({
    name,
    measure: () => withMachines(join(folder, 'user'), 200, (env) => timed(name, [...command, 'list'], env)),
  }));
  const socatVersion = (/** @type {string} */ name) => ({
    name,
    absent: socat.absent,
    measure: () => timed('socat', [pathOf(socat), '-V']),
  });
  const within = (/** @type {number} */ ms, peer = scale) => [
    { of: ours.name, peer, atMost: Math.round((100 * ms) / socatThere) / 100 },
  ];
  const common = /** @type {const} */ ({ unit: 'ms', better: 'less', runs });
  return [
    {
      id: 'size',
      title: 'size of the program',
      unit: 'MB',
      better: 'less',
      runs: 1,
      competitors: [
        { name: ours.name, measure: async () => statSync(executable).size / 1e6 },
        { name: 'node', measure: async () => statSync(node).size / 1e6 },
      ],
      targets: [{ of: ours.name, atMost: 4 }],
    },
    {
      ...common,
      id: 'version',
      title: '`--version`',
      competitors: [...both(['--version']), socatVersion('socat -V')],
      targets: within(2, 'socat -V'),
    },
    {
      ...common,
      id: 'complete',
      title: 'completion of a name',
      competitors: [...both(['complete', '--', 'ssh', 'mi']), socatVersion(scale)],
      targets: within(6),
    },
    {
      ...common,
      id: 'list',
      title: '`list --json` on this host',
      competitors: [...both(['list', '--json']), socatVersion(scale)],
      targets: within(6),
    },
    {
      ...common,
      id: 'list-machined',
      title: '`list` of 200 machines in systemd-machined',
      runs: few,
      competitors: [...atMachined, socatVersion(scale)],
      targets: within(15),
    },
    {
      ...common,
      id: 'list-many',
      title: '`list --json` of Incus machines',
      runs: few,
      competitors: lists,
      targets: counts
        .slice(1)
        .map((count) => ({ of: inList(count), peer: inList(count / 10), atMost: maxGrowth })),
    },
  ];
}

/** @param {string} name @returns {(error: Error) => never} */
function named(name) {
  return (error) => {
    throw new Error(`${name}: ${error.message}`);
  };
}
