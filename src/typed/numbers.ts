import { quote } from '../base/errors.js';

/** An unsigned 32-bit number: decimal without leading zeros, or hexadecimal after 0x. Undefined for anything else. */
export function parseUnsigned32(text: string): number | undefined {
  if (!isDecimal(text) && !/^0x[0-9a-f]+$/i.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xffffffff ? value : undefined;
}

/** Without a regular expression: every proxy parses a port. */
function isDecimal(text: string): boolean {
  for (const digit of text) if (digit < '0' || digit > '9') return false;
  return text === '0' || (text !== '' && text[0] !== '0');
}

export function explainUnsigned32(text: string): string {
  if (/^-\d+$/.test(text)) return 'it is negative';
  if (/^0\d+$/.test(text))
    return 'it has a leading zero: write it in decimal without one, or in hexadecimal after 0x';
  if (/^(\d+|0x[0-9a-f]+)$/i.test(text)) return 'it is over 4294967295';
  return 'it is not a number';
}

/** The port that sshd listens on, the same for TCP and vsock. */
export const sshPort = 22;

/** Whether a port stands for the SSH server, on whichever port a route has that; another port is that port. */
export function isSshPort(port: number | undefined): boolean {
  return port === sshPort;
}

/** The largest port of each family: vsock's 4294967295 is VMADDR_PORT_ANY, hvsock reserves the upper half. */
const largest = { vsock: 0xfffffffe, hvsock: 0x7fffffff, tcp: 0xffff } as const;

/** A port of the family: vsock from 0 to 4294967294, hvsock from 0 to 2147483647, tcp from 1 to 65535. Throws a RangeError. */
export function parsePort(text: string, family: keyof typeof largest = 'vsock'): number {
  if (text === '') throw new RangeError('the port is missing');
  const value = parseUnsigned32(text);
  if (value === undefined)
    throw new RangeError(`port ${quote(text)} cannot be used: ${explainUnsigned32(text)}`);
  return checkPort(value, family);
}

/** The port if it is valid in the family, else a RangeError. */
export function checkPort(port: number, family: keyof typeof largest): number {
  if (port > largest[family] || (family === 'tcp' && port === 0)) {
    const first = family === 'tcp' ? 1 : 0;
    throw new RangeError(`port ${port} cannot be used: ${family} has ports ${first} to ${largest[family]}`);
  }
  return port;
}

/** VMADDR_CID_ANY of <linux/vm_sockets.h>: a wildcard for listeners, not an address to connect to. */
export const cidAny = 0xffffffff;

/** VMADDR_CID_LOCAL: the machine that asks, by vsock_loopback. */
export const cidLocal = 1;

/** The CIDs that systemd knows by name, see vsock(7). */
const words: ReadonlyMap<string, number> = new Map([
  ['hypervisor', 0],
  ['local', cidLocal],
  ['host', 2],
]);

/** A CID to connect to: hypervisor (0), local (1), host (2) or a number up to 4294967294. Throws a RangeError. */
export function parseCid(text: string): number {
  if (text === '') throw new RangeError('the CID is missing');
  const value = words.get(text.toLowerCase()) ?? parseUnsigned32(text);
  if (value === undefined && !/^(any|-1)$/i.test(text))
    throw new RangeError(`CID ${quote(text)} cannot be used: ${explainUnsigned32(text)}`);
  if (value === undefined || value === cidAny)
    throw new AnyCid(`CID ${quote(text)} means any machine and cannot be connected to`);
  return value;
}

export class AnyCid extends RangeError {
  readonly hint =
    'it is only for listeners, and systemd prints it in a machine that does not know its own CID; for those of running machines: vmssh list -o wide';
}

/** A machine's CID from a tool's output or a command line, 3 to 4294967294; undefined for anything else. */
export function machineCid(value: unknown): number | undefined {
  const cid = typeof value === 'string' ? parseUnsigned32(value) : value;
  return typeof cid === 'number' && Number.isInteger(cid) && cid >= 3 && cid < cidAny ? cid : undefined;
}

/** What follows the port in the service id of a Linux guest: HV_LINUX_VSOCK_TEMPLATE of hvsocket.h. */
const template = '-facb-11e6-bd58-64006a7986d3';

/** The hvsock service id of a vsock port from 0 to 2147483647. Throws a RangeError. */
export function serviceIdOfPort(port: number): Guid {
  return (checkPort(port, 'hvsock').toString(16).padStart(8, '0') + template) as Guid;
}

/** The vsock port that a service id stands for; undefined for a service of another kind. */
export function portOfServiceId(id: Guid): number | undefined {
  const port = Number.parseInt(id.slice(0, 8), 16);
  return id.slice(8) === template && port <= 0x7fffffff ? port : undefined;
}

/** A GUID in lower case, 8-4-4-4-12. */
export type Guid = string & { readonly brand: 'guid' };

/** A GUID in any case, with or without braces; undefined if the text has another form. */
export function parseGuid(text: string): Guid | undefined {
  const match = /^(\{?)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\}?)$/i.exec(text);
  if (!match?.[2] || (match[1] === '{') !== (match[3] === '}')) return undefined;
  return match[2].toLowerCase() as Guid;
}

/** A UUID or machine id, with or without dashes and braces; undefined if the text is something else. */
export function parseUuid(text: string): Guid | undefined {
  const digits = parseMachineId(text);
  return digits === undefined ? undefined : withDashes(digits);
}

/** The 32 lower-case hexadecimal digits of a UUID or machine id; undefined if the text is something else. */
export function parseMachineId(text: string): string | undefined {
  return /^\{?([0-9a-f]{32})\}?$/.exec(text.replaceAll('-', '').toLowerCase())?.[1];
}

/** Whether a machine's name has the form of an id that is not its own. */
export function isOthersId(name: string, uuid: string | undefined): boolean {
  const id = parseUuid(name);
  return id !== undefined && id !== uuid;
}

export function withDashes(digits: string): Guid {
  const first = `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}`;
  return `${first}-${digits.slice(16, 20)}-${digits.slice(20)}` as Guid;
}

/** Whether a text can only be meant as an id: a GUID, with or without a brace on either side. */
export function isBareId(text: string): boolean {
  // Each login asks.
  return text.length >= 36 && /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i.test(text);
}

/** Well-known VM ids of hvsock, from hvsocket.h. */
export const vmIds = {
  ZERO: '00000000-0000-0000-0000-000000000000' as Guid,
  BROADCAST: 'ffffffff-ffff-ffff-ffff-ffffffffffff' as Guid,
  CHILDREN: '90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd' as Guid,
  LOOPBACK: 'e0e16197-dd56-4a10-9195-5ee7a155a838' as Guid,
  PARENT: 'a42e7cda-d03f-480c-9cc2-a4de20abb878' as Guid,
  SILOHOST: '36bd0c5c-7276-4223-88ba-7d03b654c568' as Guid,
} as const;
