import { type Endpoint, usesVsock } from '../endpoint.js';
import type { ConnectError } from '../errors.js';
import { controlPathFix, controlPathMessage } from '../ssh/control-path.js';
import type { FailureName } from './failures.js';

/** What was seen from outside the guest. */
export interface Signs {
  /** What stopped the connection before the end of the handshake; undefined: nothing. */
  readonly error: ConnectError | undefined;
  /** The endpoint's family; undefined if not known. */
  readonly family?: Endpoint['family'];
  /** Milliseconds of the handshake. */
  readonly handshakeMs: number;
  /** A login by ssh itself, without prompts; undefined if it was not tried. */
  readonly login: LoginSign | undefined;
  /** ssh's ControlPath, if this target breaks it. */
  readonly controlPath?: string;
  /** The machines with the same CID. */
  readonly cidUsers: readonly {
    readonly name: string;
    readonly cid?: number;
    readonly pid?: number;
  }[];
  /** Whether the port's service is registered with Windows; undefined if not checked. */
  readonly service?: { readonly port: number; readonly registered: boolean };
}

interface LoginSign {
  readonly in: boolean;
  readonly ms: number;
  /** The last line of ssh's stderr. */
  readonly message: string;
  readonly user: string;
}

export interface Finding {
  readonly state: 'ok' | 'failed' | 'skipped';
  readonly name: FailureName;
  readonly message: string;
  readonly fix?: string;
  /** Possible causes that look the same from outside. */
  readonly suspects?: readonly FailureName[];
}

/** A login that takes this much longer than its handshake waits for something, as a DNS query does for 5 s. Milliseconds. */
const slowLogin = 4500;

/** Judges the signs. `certain`: the fault is known without a check from inside. */
export function diagnose(signs: Signs): { findings: readonly Finding[]; certain: boolean } {
  const { error, login, cidUsers, service, handshakeMs } = signs;
  const findings: Finding[] = [];
  if (cidUsers.length > 1) {
    const who = cidUsers.map(({ name, pid }) => `${name} (pid ${pid})`).join(' and ');
    findings.push({
      state: 'failed',
      name: 'cid-twice',
      message: `CID ${cidUsers[0]?.cid} is used by ${who}`,
      fix: 'give one of them another CID (guest-cid=N; libvirt: <cid auto="yes"/>) and start it again',
    });
  }
  if (service && !service.registered && error) {
    findings.push({
      state: 'failed',
      name: 'service-guid',
      message: `Windows has no service of port ${service.port} under GuestCommunicationServices`,
      fix: `in an elevated terminal: vmssh service register ${service.port}`,
    });
  }
  const certain = findings.length > 0 || !error;
  if (signs.controlPath !== undefined) {
    const message = controlPathMessage(signs.controlPath);
    findings.push({ state: 'failed', name: 'control-path', message, fix: controlPathFix });
  }
  if (error) {
    const names = suspects(error, signs.family);
    const [first] = names;
    if (first)
      findings.push({ state: 'skipped', name: first, message: 'seen from outside', suspects: names });
    return { findings, certain: certain || names.length === 0 };
  }
  if (login) findings.push(...aboutLogin(login, handshakeMs));
  return { findings, certain: true };
}

function aboutLogin({ in: inside, ms, message, user }: LoginSign, handshakeMs: number): readonly Finding[] {
  if (!inside && /permission denied|too many authentication/i.test(message)) {
    return [
      {
        state: 'failed',
        name: 'login',
        message: `the connection works up to sshd, which refuses ${user}: ${message}`,
        fix: `give ${user} a key in the guest, as vmssh guest print can, and check PermitRootLogin there`,
      },
    ];
  }
  if (!inside)
    return [
      { state: 'failed', name: 'login', message: `ssh -tt as ${user}, with a terminal, failed: ${message}` },
    ];
  const took = `a login as ${user} with a terminal (ssh -tt) took ${(ms / 1000).toFixed(1)} s, the handshake before it ${(handshakeMs / 1000).toFixed(1)} s`;
  if (ms - handshakeMs < slowLogin) return [{ state: 'ok', name: 'login', message: took }];
  const causes = 'a name lookup, PAM, the login shell or a busy guest may be the cause';
  return [{ state: 'skipped', name: 'login', message: `${took}; ${causes}` }];
}

/**
 * The possible causes of a failed connection, likeliest first; empty if the error is clear. `family` is the endpoint's:
 * causes in vsock need a connection over vsock.
 */
export function suspects(error: ConnectError, family?: Endpoint['family']): readonly FailureName[] {
  return bySymptom(error).filter((name) => usesVsock(family) || !ofVsock.has(name));
}

const ofVsock: ReadonlySet<FailureName> = new Set([
  'listening',
  'address-form',
  'masked',
  'systemd',
  'hyper-v-cid',
  'transport',
  'denied',
]);

function bySymptom({ op, code, reason }: ConnectError): readonly FailureName[] {
  if (op === 'handshake' && code === 'NO_BANNER') {
    if (reason === 'silent') return ['accept'];
    if (reason === 'closed') return ['privsep', 'accept', 'host-keys', 'denied', 'listening'];
    return [];
  }
  if (op !== 'connect') return [];
  if (nobodyListens.has(code)) {
    return ['listening', 'address-form', 'masked', 'sshd', 'systemd', 'hyper-v-cid', 'transport'];
  }
  if (nobodyThere.has(code)) return ['transport'];
  return [];
}

/** The machine's kernel or a multiplexer refused. */
const nobodyListens: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EOF',
  'EPIPE',
  'WSAECONNREFUSED',
]);
/** Nothing answered at that address. */
const nobodyThere: ReadonlySet<string> = new Set([
  'ENODEV',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'WSAETIMEDOUT',
]);
