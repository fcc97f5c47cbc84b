import { countBy } from '../base/group-by.js';
import type { Env } from '../base/runtime.js';
import { asTarget, hasMachines, keptTarget, kindOf } from '../kinds/kinds.js';
import { isTargetWord } from '../typed/names.js';
import { isOthersId } from '../typed/numbers.js';
import type { AnyTarget, ViaTarget } from '../typed/target.js';
import { exact, hostKeyAlias, type Identified, lookedUpAs, uuidAlias } from './identity.js';
import { loginOf } from './logins.js';
import { writtenAt, writtenHosts } from './same.js';
import { type HostEntry, type HostMachine, type HostState, hasHost } from './state.js';

/** Why a name is no machine's to take, one clause; undefined: it is free. */
export type NameCheck = (name: string) => string | undefined;

export const inKnownHosts = 'the name is already in known_hosts';
export const inSettings = 'your ssh configuration has a Host for the name';
export const isAddress = 'the name is an IP address';
export const inConfig = 'the name is already in your ssh configuration';

/** Whether a name that is the user's may be given to a machine, if he says so: nothing of his says where it is. */
export function mayBeGiven(why: string): boolean {
  return why === inKnownHosts || why === inSettings;
}

/** What else people type for each machine; none that another machine has too, or that is taken. */
export function moreNames(
  all: readonly HostEntry[],
  taken: NameCheck,
): ReadonlyMap<HostEntry, readonly string[]> {
  // One that is gone takes no name but its own: a UUID or target is that of the machine which has it now.
  const namesNow = (entry: HostEntry) =>
    entry.gone === undefined ? typedFor(entry) : [entry.host.toLowerCase()];
  const hosts = all.map((entry) => ({ entry, host: entry.host, names: [...new Set(namesNow(entry))] }));
  const asked = countBy(
    hosts.flatMap(({ host, names }) => [...new Set([host, ...names].map((name) => name.toLowerCase()))]),
    (name) => name,
  );
  const isOwn = (name: string) => asked.get(name.toLowerCase()) === 1 && taken(name) === undefined;
  return new Map(
    hosts.map(({ entry, host, names }) => [entry, names.filter((name) => name !== host && isOwn(name))]),
  );
}

// Exact names only, since others chose most of them. The Host in lower case, since ssh compares letter by letter.
function typedFor(entry: HostEntry): readonly string[] {
  const { host, uuid, via } = entry;
  // Another hypervisor may say so of any UUID.
  const hasId = via === undefined && uuid !== undefined && uuidAlias(uuid) !== undefined;
  // WMI prints those of Hyper-V in capitals, which ssh takes for another name.
  const id = hasId ? [uuid, ...(entry.provider === 'hyper-v' ? [uuid.toUpperCase()] : [])] : [];
  const isPath = (text: string) => /^[\w./-]+$/.test(text);
  const targets = typedTargets(entry).filter(
    via === undefined ? needsOwnLines(entry, id.length > 0) : isPath,
  );
  const spelled =
    via === undefined ? targets.flatMap((target) => [...new Set([target, target.toLowerCase()])]) : targets;
  const separator = via === undefined ? '/' : /\//g;
  return [host.toLowerCase(), ...id, ...spelled.flatMap((each) => [each, each.replace(separator, '%')])];
}

/** Which targets of a machine are the same login as its Host: the pattern for all of a kind knows no user, key, id, owner or brought sshd. No address: another may have it later. */
function needsOwnLines(entry: HostEntry, hasId: boolean): (target: string) => boolean {
  const { user, identityFile, brings } = loginOf(entry);
  // ssh of Windows asks no command for the keys of a pattern, so they would be under another name.
  const hasLogin = user !== undefined || identityFile !== undefined || brings;
  const isMore = hasId || hasLogin || entry.provider === 'wsl';
  return (target) => {
    const kind = kindOfName(target);
    return kind !== undefined && (isMore || kind.keyHasOwner === true);
  };
}

/** The kind of a target that can be a machine's Host; undefined: it is an address, or no word. */
export function kindOfName(target: string) {
  const typed = isTargetWord(target) ? asTarget(target) : undefined;
  const kind = typed && kindOf(typed);
  return kind && hasMachines(kind) ? kind : undefined;
}

/** What people type for a machine, with slashes: its targets; of another hypervisor's via/HOST/NAME, via/HOST/UUID and via/HOST/TARGET. */
export function typedTargets({ name, target, also = [], uuid, via }: HostEntry): readonly string[] {
  if (via === undefined) return [target, ...also];
  const [last = ''] = /^(?:via\/[^/]+\/)+/.exec(target) ?? [];
  const ofName = `${last}${name}`;
  return [
    ...(/^[\w.-]+$/.test(name) && !isOthersId(name, uuid) && isName(ofName) ? [ofName] : []),
    ...(uuid !== undefined && uuidAlias(uuid) !== undefined ? [`via/${via}/${uuid}`] : []),
    ...(isName(target) ? [] : [target]),
  ];
}

/** Whether the last part is a machine's name, and not a target of its own there. */
function isName(typed: string): boolean {
  let last: AnyTarget | undefined = asTarget(typed);
  while (last?.kind === 'via' && (last as ViaTarget).inner) last = (last as ViaTarget).inner;
  return last?.kind === 'via';
}

export function identified(machine: HostMachine): Identified {
  return { target: keptTarget(machine.target), machine };
}

export function aliasOf(machine: HostMachine): string | undefined {
  return hostKeyAlias(identified(machine));
}

/** What a login is told of a machine that has a Host and is not listed any more: "vm1 of machined is gone since 2026-01-31". */
export async function goneSince(text: string, env: Env): Promise<string | undefined> {
  const entry = writtenAt(text, await writtenHosts({ env }));
  return entry?.gone && `${entry.name} of ${entry.provider} is gone since ${entry.gone}`;
}

/** A target's Host, and the name by which an ssh that vmssh starts looks up its key: without a Host, the target. */
export function hostIn(state: HostState | undefined, target: string) {
  const { machines = [], options: { prefix = '' } = {} } = state ?? {};
  const hosts = machines.filter(hasHost);
  const written = writtenAt(target, hosts);
  const entry = written?.gone === undefined ? written : undefined;
  const lookedUp = (entry && lookedUpNames(hosts, `${prefix}`)(entry)) ?? lookedUpAs(target);
  return { entry, lookedUp };
}

/** By which name ssh looks up the key of each Host: the machine's own, which ssh shows, and a certificate is for; but none that means two of them. */
export function lookedUpNames(entries: readonly HostEntry[], prefix: string) {
  const hosts = new Set(entries.map(({ host }) => host.toLowerCase()));
  const plain = countBy(entries, ({ host }) => withoutPrefix(host, prefix).toLowerCase());
  return ({ host }: HostEntry): string | undefined => {
    const name = withoutPrefix(host, prefix);
    const lower = name.toLowerCase();
    const isOne = name === host || (plain.get(lower) === 1 && !hosts.has(lower));
    return host.includes('/') ? undefined : exact(isOne ? name : host);
  };
}

function withoutPrefix(host: string, prefix: string): string {
  return host.startsWith(prefix) ? host.slice(prefix.length) : host;
}
