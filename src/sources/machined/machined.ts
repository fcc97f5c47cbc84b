import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { quote } from '../../base/errors.js';
import { now } from '../../base/runtime.js';
import { cidAny, machineCid, parseMachineId } from '../../typed/numbers.js';
import type { match as Match } from '../search.js';
import { type Deps, DiscoveryError, type Search, type Warning, type Warnings } from '../source.js';
import { isJsonObject, type JsonObject } from '../tools/json.js';
import { runtimeDirs, type Scope } from '../trusted-path.js';
import { type Call, VarlinkError, call as varlinkCall } from './varlink.js';

interface MachineList extends Warnings {
  /** In the order of the scopes, without this host itself; a machine that is registered in both is there twice. */
  readonly machines: readonly Machine[];
  /** How many services answered. */
  readonly answered: number;
}

/** Finds a machine in the user's machined, then the system's: by the exact name, one call per scope; else in the lists. */
export async function searchMachined(
  name: string,
  deps: Deps,
  call: Call = varlinkCall,
): Promise<Search<Machine>> {
  // Only in the lists: a machine that is called as another one's id gets nothing that is meant for that.
  const isId = parseMachineId(name) !== undefined;
  const nobodyAsked = { machine: undefined, asked: sockets(deps), warnings: [] };
  const byName = isId ? nobodyAsked : await askByName(name, deps, call);
  const { machine, asked } = byName;
  if (machine) return { outcome: 'found', machine, warnings: byName.warnings };
  const list = await listScopes(asked, deps, call);
  const warnings = [...byName.warnings, ...list.warnings];
  if (list.answered === 0) return nobody(warnings);
  const { match, searchIn } = await import('../search.js');
  const matches = matchMachine(name, list.machines, match);
  return searchIn(matches, list.machines, ({ name }) => `machine/${name}`, warnings);
}

// If both scopes have it, the first.
function matchMachine(wanted: string, machines: readonly Machine[], match: typeof Match): readonly Machine[] {
  const named = machines.map((machine) => ({ name: machine.name, uuid: machine.id, machine }));
  const matches = match(wanted, named);
  const first = new Map(matches.toReversed().map(({ name, machine }) => [name, machine]));
  return [...first.values()].toReversed();
}

function nobody(warnings: readonly Warning[]): Search<Machine> {
  const isAbsent = warnings.length === 0;
  return {
    outcome: 'unavailable',
    code: 'NOT_FOUND',
    warnings,
    problem: isAbsent ? 'it does not run here, or is older than 257' : 'no scope answered',
    hint: isAbsent
      ? 'apt-get install systemd-container && systemctl start systemd-machined; with an older one reach the machine by vsock/CID or unix/PATH'
      : 'see systemctl status systemd-machined',
  };
}

export function listMachines(deps: Deps, call: Call = varlinkCall): Promise<MachineList> {
  return listScopes(sockets(deps), deps, call);
}

function sockets(deps: Deps): readonly Socket[] {
  return runtimeDirs(deps).map(({ scope, path }) => ({
    scope,
    path: `${path}/systemd/machine/io.systemd.Machine`,
    bus: `${path}/bus`,
  }));
}

/** The machine of a name; else the sockets of those that answered, whose lists may have it. */
async function askByName(name: string, deps: Deps, call: Call) {
  const asked: Socket[] = [];
  const warnings: Warning[] = [];
  for (const socket of sockets(deps)) {
    try {
      const [found] = await list(socket, { name }, false, deps, call);
      const [machine] = found?.name === name ? await trustedMachines([found], deps) : [];
      if (machine) return { machine, asked, warnings };
      asked.push(socket);
      const problem = `${quote(name)} was registered by user ${found?.uid}`;
      if (found?.name === name) warnings.push({ provider, code: 'FOREIGN', problem });
    } catch (error) {
      if (!(error instanceof VarlinkError)) throw error;
      // The service has none of this name, or gave another error.
      if (error.parameters) asked.push(socket);
      else warnings.push(...failure(socket, error));
    }
  }
  return { machine: undefined, asked, warnings };
}

async function listScopes(from: readonly Socket[], deps: Deps, call: Call): Promise<MachineList> {
  // In parallel: one that hangs does not take the other's time.
  const lists = await Promise.all(from.map((socket) => listScope(socket, deps, call)));
  return {
    machines: lists.flatMap(({ machines }) => machines).filter((machine) => machine.class !== 'host'),
    answered: lists.reduce((sum, { answered }) => sum + answered, 0),
    warnings: lists.flatMap(({ warnings }) => warnings),
  };
}

async function listScope(socket: Socket, deps: Deps, call: Call): Promise<MachineList> {
  try {
    const machines = await trustedMachines(await list(socket, {}, true, deps, call), deps);
    return { machines, answered: 1, warnings: [] };
  } catch (error) {
    // machined's reply for an empty list.
    const isEmpty = error instanceof VarlinkError && error.code === 'io.systemd.Machine.NoSuchMachine';
    const warnings = isEmpty ? [] : failure(socket, error);
    return { machines: [], answered: isEmpty ? 1 : 0, warnings };
  }
}

// Other people can register some at the system's machined since systemd 258, if polkit lets them: with any free name, any
// CID, and the id of another machine.
async function trustedMachines(machines: readonly Machine[], deps: Deps): Promise<readonly Machine[]> {
  const own = process.getuid?.();
  const hasCid = machines.some(({ vsockCid, leader }) => vsockCid !== undefined && leader !== undefined);
  const known = hasCid ? await withOwnCids(machines, deps) : machines;
  if (known.every(({ uid = 0 }) => uid === 0 || uid === own)) return known;
  const { withoutStrangers } = await import('../processes/system-user.js');
  return withoutStrangers(known, deps);
}

/** The machines, without CIDs that count in the network of their VMM only. */
async function withOwnCids(machines: readonly Machine[], deps: Deps): Promise<readonly Machine[]> {
  const { areApart, sharesCids } = await import('../tools/cid-space.js');
  if (!areApart(deps)) return machines;
  return Promise.all(
    machines.map(async (machine) => {
      const { vsockCid, leader, sshAddress } = machine;
      if (vsockCid === undefined || leader === undefined || (await sharesCids(leader, deps))) return machine;
      const isCid = sshAddress?.startsWith('vsock') === true;
      return { ...machine, vsockCid: undefined, sshAddress: isCid ? undefined : sshAddress };
    }),
  );
}

async function list(socket: Socket, which: JsonObject, more: boolean, deps: Deps, call: Call) {
  const { signal, timeoutMs } = deps;
  const started = now();
  const ask = (limitMs?: number) =>
    call(socket.path, 'io.systemd.Machine.List', which, { more, signal, timeoutMs: limitMs });
  // From systemd 261 on it has 128 connections for one uid at once, and closes the next one.
  const again = async (error: unknown) => {
    if (!(error instanceof VarlinkError && ['ECONNRESET', 'EPIPE'].includes(error.code))) throw error;
    await sleep(50);
    return ask(timeoutMs && Math.max(1, timeoutMs - (now() - started)));
  };
  const replies = await ask(timeoutMs).catch(again);
  return replies.map((reply) => parseMachine(reply, socket.scope));
}

interface Socket {
  readonly scope: Scope;
  readonly path: string;
  /** The D-Bus that its machined is a service of. */
  readonly bus: string;
}

const provider = 'machined';

/** Why a machined gave no answer, or not in the time for the whole list; nothing of one that is not there. Throws anything else, such as Ctrl-C. */
function failure({ scope, path, bus }: Socket, error: unknown): readonly Warning[] {
  const isKnown = error instanceof VarlinkError || error instanceof DiscoveryError;
  if (!isKnown) throw error;
  const { code } = error;
  const isAbsent = scope === 'user' && unanswered.includes(code) && !existsSync(bus);
  const problem = error instanceof VarlinkError ? error.problem : error.message;
  return code === 'ENOENT' || isAbsent ? [] : [{ provider, code, problem: `${path}: ${problem}` }];
}

// A user without a D-Bus of their own (Debian: dbus-user-session) has no machined, but systemd ≥ 259 listens for it
// even so: it resets the first connection, and from then on nobody listens.
const unanswered = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'];

export interface Machine {
  readonly name: string;
  /** 32 lower-case hexadecimal digits. */
  readonly id?: string;
  /** What registered it, such as "systemd-nspawn" or "systemd-vmspawn". */
  readonly service?: string;
  /** "vm", "container", "host", or "unknown" if the service does not say. */
  readonly class: string;
  readonly vsockCid?: number;
  readonly sshAddress?: string;
  readonly sshPrivateKeyPath?: string;
  /** The socket of its own manager, an absolute path. */
  readonly controlAddress?: string;
  readonly rootDirectory?: string;
  /** The pid of the machine's first process. */
  readonly leader?: number;
  /** The pid of what runs it, such as systemd-vmspawn; systemd 257 does not say. */
  readonly supervisor?: number;
  /** Who registered it; systemd 257 does not say. */
  readonly uid?: number;
  readonly scope: Scope;
}

export const vmspawn = 'systemd-vmspawn';

/** Reads one reply of io.systemd.Machine.List. Absent, null or empty fields are undefined; one of a wrong type throws VarlinkError PROTOCOL. */
export function parseMachine(raw: JsonObject, scope: Scope): Machine {
  const name = text(raw, 'name');
  if (name === undefined) throw wrong('name', 'a machine without a name');
  const uid = integer(raw.UID, 'UID', 0, noUid);
  return {
    name,
    id: parseMachineId(text(raw, 'id') ?? ''),
    service: text(raw, 'service'),
    class: text(raw, 'class') ?? 'unknown',
    // VMADDR_CID_ANY is "none" (vsock(7)).
    vsockCid: machineCid(integer(raw.vSockCid, 'vSockCid', 0, cidAny)),
    sshAddress: text(raw, 'sshAddress'),
    sshPrivateKeyPath: text(raw, 'sshPrivateKeyPath'),
    controlAddress: socketPath(raw),
    rootDirectory: text(raw, 'rootDirectory'),
    leader: pid(raw, 'leader'),
    supervisor: pid(raw, 'supervisor'),
    uid: uid === noUid ? undefined : uid,
    scope,
  };
}

export function isContainer({ class: own, service }: Machine): boolean {
  return own === 'container' && service === 'systemd-nspawn';
}

/** Where a machine's record has its SSH server, best first. The SSH address of systemd-vmspawn is the CID again. */
export function addressesOf({ vsockCid, sshAddress }: Machine): readonly string[] {
  const byCid = vsockCid === undefined ? undefined : `vsock/${vsockCid}`;
  return [...new Set([byCid, sshAddress])].filter((each) => each !== undefined);
}

function text(raw: JsonObject, field: string): string | undefined {
  const value = raw[field] ?? '';
  if (typeof value !== 'string') throw wrong(field, JSON.stringify(value));
  return value === '' ? undefined : value;
}

// An address of varlink may also be a command to run.
function socketPath(raw: JsonObject): string | undefined {
  const path = text(raw, 'controlAddress')?.replace(/^unix:(?=\/)/, '');
  return path?.startsWith('/') ? path : undefined;
}

// Before there were ProcessId objects, the leader was a bare pid.
function pid(raw: JsonObject, field: string): number | undefined {
  const given = raw[field];
  return integer(isJsonObject(given) ? (given.pid ?? given) : given, field, 1, 0x7fff_ffff);
}

/** UID_INVALID of systemd: nobody has it. */
const noUid = 0xffff_ffff;

function integer(value: unknown, field: string, min: number, max: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Number.isInteger(value) || Number(value) < min || Number(value) > max)
    throw wrong(field, JSON.stringify(value));
  return Number(value);
}

function wrong(field: string, got: string): VarlinkError {
  return new VarlinkError('PROTOCOL', `machined sent an unusable "${field}": ${got.slice(0, 200)}`);
}
