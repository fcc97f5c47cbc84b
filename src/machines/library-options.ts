import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError, quote } from '../base/errors.js';
import { onOwnSignal } from '../connect/wait.js';
import type { Warning } from '../sources/source.js';
import { type RouteName, routeNames } from '../typed/route.js';
import type { MachineJson } from './machine-json.js';

export interface ListMachinesOptions {
  readonly signal?: AbortSignal;
  /** The names of the only sources to ask, such as "qemu"; absent: all of this host. */
  readonly sources?: readonly string[];
}

export interface WatchOptions extends ListMachinesOptions {
  /** Milliseconds between two looks; default 2000. */
  readonly every?: number;
}

export interface ConnectOptions {
  /** The port if the target names none; default 22. */
  readonly port?: number;
  /** Milliseconds for the connect; default 15000. */
  readonly timeout?: number;
  /** Milliseconds to retry until an SSH banner arrives, for a machine that boots; absent: one attempt. */
  readonly wait?: number;
  /** Ends the attempt; what is open already stays open. */
  readonly signal?: AbortSignal;
  /** The only routes to try, in this order: ["vsock", "ip"]; absent: the machine's own, and no network if there is another. */
  readonly routes?: readonly RouteName[];
}

export interface ProbeOptions extends ConnectOptions {
  /** The user to ask about, since servers may offer each user other authentication methods; default "root". */
  readonly user?: string;
}

/** Whether the options of a call are what they have to be, and no others. Throws a ConnectError USAGE of op parse. */
export function checkOptions(call: Call, target: string, options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw badOption(target, `the options are an object, not ${shown(options)}`, 'such as { timeout: 5000 }');
  const rules = Object.entries(wanted);
  const known = rules.filter(([, { calls = ['target'] }]) => calls.includes(call)).map(([name]) => name);
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw badOption(target, `there is no option ${quote(name)}`, `the options are ${known.join(', ')}`);
  for (const [name, { what, is }] of rules) {
    const value: unknown = (options as Record<string, unknown>)[name];
    const problem = `the option ${name} is ${what}, not ${shown(value)}`;
    if (value !== undefined && !is(value))
      throw badOption(target, problem, `leave ${name} out for its default`);
  }
}

type Call = 'list' | 'watch' | 'target';

/** What each option has to be, and the calls that have it, if not only those with a target: callers in JavaScript, too, get an error that names it. */
const wanted: {
  readonly [K in keyof Required<ProbeOptions & WatchOptions>]: {
    readonly what: string;
    readonly is: (value: unknown) => boolean;
    readonly calls?: readonly Call[];
  };
} = {
  port: {
    what: 'a whole number from 0 to 4294967294',
    is: (value) => Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < 0xffffffff,
  },
  timeout: { what: 'a number of milliseconds, more than 0', is: (value) => isTime(value) && value > 0 },
  wait: { what: 'a number of milliseconds', is: isTime },
  signal: { what: 'an AbortSignal', is: isSignal, calls: ['list', 'watch', 'target'] },
  routes: { what: `a list of ${routeNames.join(', ')}`, is: areRoutes },
  user: { what: 'a text that is not empty', is: isText },
  every: { what: 'a number of milliseconds', is: isTime, calls: ['watch'] },
  sources: { what: 'a list of names of sources', is: areTexts, calls: ['list', 'watch'] },
};

/** An aborted signal rejects with its reason, whatever its abort made of the work. `drop` closes what came of it all the same. */
export async function untilAborted<T>(
  signal: AbortSignal | undefined,
  work: (own: AbortSignal | undefined) => Promise<T>,
  drop?: (done: T) => void,
): Promise<T> {
  signal?.throwIfAborted();
  try {
    // Many calls may share a signal.
    const done = await (signal ? onOwnSignal(signal, work) : work(undefined));
    if (signal?.aborted) drop?.(done);
    return done;
  } finally {
    signal?.throwIfAborted();
  }
}

export function badOption(target: string, problem: string, hint: string): ConnectError {
  return new ConnectError('parse', target, { code: 'USAGE', problem, hint });
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** No timer takes longer ones: 24 days. */
const maxMs = 0x7fffffff;

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= maxMs;
}

/** Whether it is an AbortSignal, also of another realm. */
function isSignal(value: unknown): boolean {
  return typeof Object(value).aborted === 'boolean' && typeof Object(value).addEventListener === 'function';
}

function areRoutes(value: unknown): boolean {
  const names: readonly unknown[] = routeNames;
  return Array.isArray(value) && value.length > 0 && value.every((each) => names.includes(each));
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

export interface MachineList {
  /** As `vmssh list --json` has them, running ones first. */
  readonly machines: readonly MachineJson[];
  /** The sources that could not be asked, and what is wrong with single machines. */
  readonly warnings: readonly Warning[];
}

/** Every machine on this host. A source that fails or is late is a warning. */
export async function libraryList(options: ListMachinesOptions = {}): Promise<MachineList> {
  checkOptions('list', 'list', options);
  const { sources: names } = options;
  return untilAborted(options.signal, async (signal) => {
    const { listAll } = await import('../sources/list-all.js');
    const { everyEntry, loadForList, sourcesHere } = await import('../sources/here.js');
    const { listed } = await import('./listed.js');
    const { machineJson } = await import('./machine-json.js');
    const { sshNames, writtenHosts } = await import('../book/same.js');
    const written = await writtenHosts({ env: process.env });
    const all = everyEntry();
    const known = all.map(({ name }) => name);
    for (const name of names ?? [])
      if (!known.includes(name))
        throw badOption('list', `there is no source ${quote(name)}`, `they are ${known.join(', ')}`);
    const chosen = all.filter(({ name }) => names?.includes(name) ?? true);
    const asked = await loadForList(sourcesHere({ env: process.env }, names, chosen));
    const deps = { env: process.env, signal };
    const { machines, warnings } = await listAll(deps, asked);
    const hosts = sshNames(written, machines);
    const rows = listed({ runningOnly: false }, { machines });
    return { machines: rows.map((machine) => machineJson(machine, hosts.get(machine))), warnings };
  });
}

/** The list as it is now, and again each time that it has changed, until the signal is aborted. */
export async function* libraryWatch(options: WatchOptions = {}): AsyncGenerator<MachineList, void> {
  checkOptions('watch', 'watch', options);
  const { every = 2000, ...asked } = options;
  const { signal } = asked;
  let last: string | undefined;
  while (!signal?.aborted)
    try {
      const list = await libraryList(asked);
      const text = JSON.stringify(list);
      if (text !== last) yield list;
      last = text;
      await sleep(every, undefined, signal ? { signal } : {});
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
}
