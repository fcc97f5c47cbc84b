import { parseMachineId } from '../../address/guid.js';
import { cidAny, machineCid } from '../../address/numbers.js';
import type { JsonObject } from '../tools/json.js';
import type { Scope } from '../tools/scope.js';
import { VarlinkError } from './varlink.js';

/** A machine of systemd-machined. */
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
  readonly unit?: string;
  /** The pid of the machine's first process. */
  readonly leader?: number;
  /** The pid of what runs it, such as systemd-vmspawn; systemd 257 does not say. */
  readonly supervisor?: number;
  /** Who registered it; systemd 257 does not say. */
  readonly uid?: number;
  readonly scope: Scope;
}

/** The service of the machines that systemd-vmspawn runs. */
export const vmspawn = 'systemd-vmspawn';

/**
 * Reads one reply of io.systemd.Machine.List. Absent, null or empty fields are undefined, unknown ones are ignored; one
 * of a wrong type throws VarlinkError PROTOCOL.
 */
export function parseMachine(raw: JsonObject, scope: Scope): Machine {
  const name = text(raw, 'name');
  if (name === undefined) throw wrong('name', 'a machine without a name');
  return {
    name,
    id: machineId(raw),
    service: text(raw, 'service'),
    class: text(raw, 'class') ?? 'unknown',
    vsockCid: cid(raw),
    sshAddress: text(raw, 'sshAddress'),
    sshPrivateKeyPath: text(raw, 'sshPrivateKeyPath'),
    controlAddress: socketPath(raw),
    rootDirectory: text(raw, 'rootDirectory'),
    unit: text(raw, 'unit'),
    leader: pid(raw, 'leader'),
    supervisor: pid(raw, 'supervisor'),
    uid: owner(raw),
    scope,
  };
}

/** Whether systemd-nspawn runs it. */
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

function machineId(raw: JsonObject): string | undefined {
  const id = text(raw, 'id');
  return id && parseMachineId(id);
}

// machined uses VMADDR_CID_ANY for "none" (https://man7.org/linux/man-pages/man7/vsock.7.html).
function cid({ vSockCid: value = null }: JsonObject): number | undefined {
  if (value === null) return undefined;
  if (!isInteger(value, 0, cidAny)) throw wrong('vSockCid', JSON.stringify(value));
  return machineCid(value);
}

// Before there were ProcessId objects, the leader was a bare pid.
function pid(raw: JsonObject, field: string): number | undefined {
  const given = raw[field] ?? null;
  if (given === null) return undefined;
  const value: unknown = typeof given === 'object' && 'pid' in given ? given.pid : given;
  if (!isInteger(value, 1, 0x7fff_ffff)) throw wrong(field, JSON.stringify(given));
  return value;
}

function owner({ UID: value = null }: JsonObject): number | undefined {
  if (value === null || value === noUid) return undefined;
  if (!isInteger(value, 0, noUid)) throw wrong('UID', JSON.stringify(value));
  return value;
}

/** UID_INVALID of systemd: nobody has it. */
const noUid = 0xffff_ffff;

function isInteger(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
}

function wrong(field: string, got: string): VarlinkError {
  return new VarlinkError('PROTOCOL', `machined sent an unusable "${field}": ${got.slice(0, 200)}`);
}
