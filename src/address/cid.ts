import { explainUnsigned32, parseUnsigned32 } from './number.js';

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
    throw new RangeError(`CID ${JSON.stringify(text)} cannot be used: ${explainUnsigned32(text)}`);
  }
  if (value === undefined || value === cidAny) {
    throw new AnyCid(`CID ${JSON.stringify(text)} means any machine and cannot be connected to`);
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
