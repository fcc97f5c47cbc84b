import { ConnectError, type NoBannerReason, quote } from '../base/errors.js';
import { now } from '../base/runtime.js';
import type { Connection } from '../connect/connection.js';
import { hangsOrBoots } from '../connect/multiplexer.js';
import { isLoopback } from '../typed/names.js';
import { type Endpoint, formatEndpoint } from '../typed/route.js';
import { handshakeInterrupted } from './handshake-result.js';

/**
 * The server's SSH banner, left to the connection's next reader. Throws a ConnectError of op handshake: NO_BANNER, or
 * INTERRUPTED after an abort, which closes the connection.
 */
export async function awaitBanner(connection: Connection, timeoutMs: number, signal?: AbortSignal) {
  const abort = () => connection.close();
  signal?.addEventListener('abort', abort);
  try {
    if (signal?.aborted) abort();
    return await look(connection, timeoutMs);
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw handshakeInterrupted(formatEndpoint(connection.endpoint), error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** The error for a machine behind a multiplexer that gave no answer. */
export function unanswered(endpoint: Endpoint): ConnectError {
  const said = { problem: hangsOrBoots, hint: `${bootHint}; ${deadVsock}` };
  return new ConnectError('handshake', formatEndpoint(endpoint), {
    ...{ code: 'NO_BANNER', reason: 'unanswered', ...said },
  });
}

async function look(connection: Connection, timeoutMs: number): Promise<string> {
  const { endpoint } = connection;
  const isForwarded = endpoint.family === 'tcp' && isLoopback(endpoint.host);
  const noBanner = (reason: NoBannerReason, problem: string, hint?: string, more: Why = {}) =>
    new ConnectError('handshake', formatEndpoint(endpoint), {
      ...{ code: 'NO_BANNER', reason, problem, ...more },
      hint: more.otherHint ?? (hint && isForwarded ? forwardedHint : hint),
    });
  const until = now() + timeoutMs;
  // The last of the time is for what a silent server answers.
  const silentAt = until - Math.min(answerMs, timeoutMs / 4);
  for (let seen = 0; ; ) {
    const left = Math.max(0, silentAt - now());
    const bytes = await connection.peek(seen, bannerLimit, left).catch((error) => {
      const problem = `the connection broke before a banner came (${error.code ?? 'UNKNOWN'})`;
      throw noBanner('closed', problem, closedHint, { cause: error });
    });
    const scan = scanBanner(bytes);
    if (scan.state === 'found') return scan.banner;
    if (scan.state === 'not-ssh') throw noBanner('not-ssh', `something answers, but ${scan.reason}`);
    if (bytes.length === seen) {
      if (now() < silentAt) {
        const word = firstLine(bytes);
        const problem = `the connection was closed before a banner came${word ? `: it says ${quote(word)}` : ''}`;
        throw noBanner('closed', problem, closedHint, { otherHint: turnedAway.get(word) });
      }
      const said = seen > 0 ? undefined : await answerTo(connection, until);
      if (said !== undefined)
        throw noBanner('not-ssh', `something answers, but it is not an SSH server: it says ${quote(said)}`);
      const seconds = Number((timeoutMs / 1000).toPrecision(2));
      if (connection.isUnanswered) throw unanswered(endpoint);
      const hint = endpoint.family === 'vsock-mux' ? `${silentHint}; ${deadVsock}` : silentHint;
      throw noBanner('silent', `connected, but no SSH banner came in ${seconds} s`, hint);
    }
    seen = bytes.length;
  }
}

/** The most time for an answer to our own banner. Milliseconds. */
const answerMs = 500;

/** What a silent server, such as a web server, answers to our banner. Undefined: nothing, or it is an SSH server. */
async function answerTo(connection: Connection, until: number): Promise<string | undefined> {
  try {
    await connection.write(Buffer.from('SSH-2.0-vmssh\r\n'));
    const bytes = await connection.peek(0, bannerLimit, Math.max(0, until - now()));
    return firstLine(bytes) || undefined;
  } catch {
    return undefined;
  }
}

/** What a server says in place of a banner; empty: nothing, or a banner. */
function firstLine(bytes: Uint8Array): string {
  const [line = ''] = Buffer.from(bytes).toString('latin1').split(/\r?\n/, 1);
  return line.startsWith('SSH-') ? '' : line.slice(0, 80);
}

interface Why {
  readonly cause?: unknown;
  readonly otherHint?: string | undefined;
}

/** What an sshd does that says this, and then closes the connection (drop_connection in its sshd.c). */
const turnedAway = new Map([
  [
    'Not allowed at this time',
    'after logins that failed its sshd lets nobody of this address in (PerSourcePenalties): wait, ten minutes at most; by another route it does',
  ],
  [
    'Exceeded MaxStartups',
    'too many logins were begun there at once, as by parallel jobs: try again, or raise MaxStartups in its sshd_config',
  ],
]);

const closedHint =
  'the connection works, but sshd gave up: in the guest, run journalctl -u "sshd*@*" (a missing /run/sshd is the usual cause); use --wait while it boots';
const bootHint = 'use --wait while it boots; if it hangs, restart it';
const silentHint =
  'something accepts the connection but does not answer: in the guest, the socket unit needs Accept=yes and a service template of the same name; see vmssh check';

/** QEMU, gvproxy and others take each connection. */
const forwardedHint =
  'this port is open while the machine is on: check that sshd runs in it and listens on port 22 of TCP; use --wait while it boots';

/** Firecracker 1.16.0. */
const deadVsock = 'if Firecracker restored it from a snapshot, its vsock may be dead: restart the VM';

/** The identification string of RFC 4253 section 4.2, as far as it was received. */
export type BannerScan =
  | { readonly state: 'more' }
  | { readonly state: 'found'; readonly banner: string; readonly length: number }
  | { readonly state: 'not-ssh'; readonly reason: string };

/** The limit for a server's bytes up to the end of its banner; OpenSSH sends fewer than 300. */
export const bannerLimit = 16384;

/** RFC 4253: at most 255 characters with CR LF. */
const maxBanner = 255;

/** Looks for "SSH-2.0-…" in the first bytes of a server, skipping lines before it as ssh does. `length`: up to the end of that line. */
export function scanBanner(bytes: Uint8Array): BannerScan {
  let start = 0;
  for (;;) {
    const newline = bytes.indexOf(0x0a, start);
    const line = Buffer.from(bytes.subarray(start, newline < 0 ? undefined : newline)).toString('latin1');
    if (line.startsWith('SSH-')) {
      if (line.length + 1 > maxBanner) return notSsh(`its banner is over ${maxBanner} bytes`);
      if (newline < 0) return scanUnfinished(bytes);
      const banner = line.replace(/\r$/, '');
      // ssh itself ends the connection at either.
      if (/[\0\r]/.test(banner)) return notSsh('its banner has a zero byte or a carriage return in it');
      if (!/^SSH-(2\.0|1\.99)-/.test(banner)) return notSsh(`it speaks another version of SSH: ${banner}`);
      return { state: 'found', banner, length: newline + 1 };
    }
    if (/^HTTP\/\d/.test(line) && newline >= 0) return notSsh(`it is a web server: ${line.trimEnd()}`);
    if (line.includes('\0')) return notSsh('it sent binary data');
    if (newline < 0) return scanUnfinished(bytes);
    start = newline + 1;
  }
}

function scanUnfinished(bytes: Uint8Array): BannerScan {
  return bytes.length >= bannerLimit ? notSsh(`no banner in ${bannerLimit} bytes`) : { state: 'more' };
}

function notSsh(reason: string): BannerScan {
  return { state: 'not-ssh', reason };
}
