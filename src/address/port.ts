import { explainUnsigned32, parseUnsigned32 } from './number.js';

/** The port that sshd listens on, the same for TCP and vsock. */
export const sshPort = 22;

/** The largest port of each family: vsock's 4294967295 is VMADDR_PORT_ANY, hvsock reserves the upper half. */
const largest = { vsock: 0xfffffffe, hvsock: 0x7fffffff, tcp: 0xffff } as const;

/** A port of the family: vsock from 0 to 4294967294, hvsock from 0 to 2147483647, tcp from 1 to 65535. Throws a RangeError. */
export function parsePort(text: string, family: keyof typeof largest = 'vsock'): number {
  if (text === '') throw new RangeError('the port is missing');
  const value = parseUnsigned32(text);
  if (value === undefined) {
    throw new RangeError(`port ${JSON.stringify(text)} cannot be used: ${explainUnsigned32(text)}`);
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
