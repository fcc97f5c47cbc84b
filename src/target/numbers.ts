import { quote } from '../errors.js';
import type { Guid } from './guid.js';

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

/** Why `parseUnsigned32` refused the text: one clause. */
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
  if (value === undefined) {
    throw new RangeError(`port ${quote(text)} cannot be used: ${explainUnsigned32(text)}`);
  }
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
  if (value === undefined && !/^(any|-1)$/i.test(text)) {
    throw new RangeError(`CID ${quote(text)} cannot be used: ${explainUnsigned32(text)}`);
  }
  if (value === undefined || value === cidAny) {
    throw new AnyCid(`CID ${quote(text)} means any machine and cannot be connected to`);
  }
  return value;
}

/** The wildcard in place of a machine's CID. */
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
