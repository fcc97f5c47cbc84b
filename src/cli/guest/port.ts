import { parsePort } from '../../address/port.js';
import { UsageError } from '../command.js';
import { parsed } from '../option.js';

export const guestPortOption = parsed(
  { long: 'port', short: 'p', value: 'PORT', summary: 'the vsock port of sshd (default 22)' },
  guestPort,
);

/** A port that a guest can listen on: neither 0 nor "any". Throws a UsageError or a RangeError. */
function guestPort(text: string): number {
  const port = parsePort(text);
  if (port === 0) throw new UsageError('--port takes 1 to 4294967294, not 0');
  return port;
}
