import { isIP } from 'node:net';
import { AnyCid, parseCid, parseUnsigned32 } from '../../address/numbers.js';
import { quote } from '../../errors.js';

/**
 * An address for sshd as ListenStream= of systemd.socket(5) takes it, in a form that 240 and later know: "vsock::2222",
 * "vsock:3:22", "/run/ssh", "@ssh", "2222", "127.0.0.1:2222", "[::1]:2222". Throws a RangeError.
 */
export function parseListen(text: string): string {
  const address = /^[/@][\w@%+=:,./-]+$/.test(text) ? text : (vsock(text) ?? tcp(text));
  if (address !== undefined) return address;
  throw new RangeError(
    `--listen takes vsock::PORT, vsock:CID:PORT, /PATH, @NAME, PORT, IPV4:PORT or [IPV6]:PORT, not ${quote(text)}`,
  );
}

/** The port of an address on vsock; undefined for another address. */
export function vsockPortOf(address: string): number | undefined {
  const [, port] = /^vsock:\d*:(\d+)$/.exec(address) ?? [];
  return port === undefined ? undefined : Number(port);
}

// "vsock-stream:", hexadecimal numbers and names came with later versions; the URL form is in none, but in others' texts.
function vsock(text: string): string | undefined {
  const [, given = '', last = ''] = /^vsock(?:-stream:|:\/\/|:)([^:]*):([^:]+)$/.exec(text) ?? [];
  const [cid, port] = [listenersCid(given), parseUnsigned32(last)];
  if (cid === undefined || port === undefined || port > 0xfffffffe) return undefined;
  return `vsock:${cid}:${port}`;
}

/** In decimal, or empty: any. */
function listenersCid(text: string): string | undefined {
  if (text === '') return '';
  try {
    return String(parseCid(text));
  } catch (error) {
    return error instanceof AnyCid ? '' : undefined;
  }
}

function tcp(text: string): string | undefined {
  const [, bracketed, ip = bracketed ?? '0.0.0.0', port] =
    /^(?:\[([^\]]+)\]:|([^:]+):)?(\d{1,5})$/.exec(text) ?? [];
  const isFamily = isIP(ip) === (bracketed === undefined ? 4 : 6);
  return isFamily && Number(port) >= 1 && Number(port) <= 65_535 ? text : undefined;
}
