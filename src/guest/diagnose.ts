import type { ConnectError } from '../errors.js';
import { controlPathMessage } from '../ssh/control-path.js';
import { type Endpoint, usesVsock } from '../typed/route.js';
import { type FailureName, type GuestFailure, guestFailures, type Symptom, symptoms } from './failures.js';

export interface Signs {
  /** What stopped the connection before the end of the handshake; undefined: nothing. */
  readonly error: ConnectError | undefined;
  readonly family?: Endpoint['family'];
  /** Milliseconds of the handshake. */
  readonly handshakeMs: number;
  /** A login by ssh itself, without prompts; undefined if it was not tried. */
  readonly login: LoginSign | undefined;
  /** ssh's ControlPath, if this target breaks it. */
  readonly controlPath?: string;
  readonly cidUsers: readonly { readonly name: string; readonly cid?: number; readonly pid?: number }[];
  /** Whether the port's service is registered with Windows; undefined if not checked. */
  readonly service?: { readonly port: number; readonly registered: boolean };
}

interface LoginSign {
  readonly in: boolean;
  readonly ms: number;
  /** The last line of ssh's stderr. */
  readonly message: string;
  readonly user: string;
  /** sshd let it in, and it ended with this code before its command ran. */
  readonly ended?: number | undefined;
  readonly lacksTerminal?: boolean | undefined;
  /** If it was refused: the keys that ssh offers, in its order; none if that ssh cannot say. */
  readonly keys?: readonly string[];
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
    findings.push(failed('cid-twice', `CID ${cidUsers[0]?.cid} is used by ${who}`));
  }
  if (service && !service.registered && error) {
    const { port } = service;
    const message = `Windows has no service of port ${port} under GuestCommunicationServices`;
    const fix = guestFailures['service-guid'].fix.replace('PORT', String(port));
    findings.push({ ...failed('service-guid', message), fix });
  }
  const certain = findings.length > 0 || !error;
  if (signs.controlPath !== undefined)
    findings.push(failed('control-path', controlPathMessage(signs.controlPath)));
  if (error) {
    const names = suspects(error, signs.family);
    const [name] = names;
    if (name) findings.push({ state: 'skipped', name, message: 'seen from outside', suspects: names });
    return { findings, certain: certain || names.length === 0 };
  }
  if (login) findings.push(aboutLogin(login, handshakeMs));
  return { findings, certain: true };
}

function aboutLogin(
  { in: inside, ms, message, user, ended, lacksTerminal, keys = [] }: LoginSign,
  handshakeMs: number,
): Finding {
  const isTooMany = /too many authentication/i.test(message);
  if (!inside && (isTooMany || /permission denied/i.test(message))) {
    const shown = `; ssh offers ${keys.length} keys, first these: ${keys.slice(0, 8).join(', ')}`;
    const why = keys.length === 0 ? message : `${message}${shown}`;
    const finding = failed('login', `the connection works up to sshd, which refuses ${user}: ${why}`);
    return isTooMany ? { ...finding, fix: fewerKeys } : finding;
  }
  if (ended !== undefined && !/not available/i.test(message)) {
    const how = 'it has a command of its own in place of a shell, as accounts for git and sftp have';
    const said = `sshd lets ${user} in, and ends the session with ${ended}: ${message}; ${how}`;
    return { state: 'skipped', name: 'login', message: said };
  }
  if (!inside) {
    const said = `ssh -tt as ${user}, with a terminal, failed: ${message}`;
    return { state: 'failed', name: 'login', message: said };
  }
  const kind = lacksTerminal ? 'without a terminal, which sshd refuses it,' : 'with a terminal (ssh -tt)';
  const took = `a login as ${user} ${kind} took ${(ms / 1000).toFixed(1)} s, the handshake before it ${(handshakeMs / 1000).toFixed(1)} s`;
  if (ms - handshakeMs < slowLogin) return { state: 'ok', name: 'login', message: took };
  const causes = 'a name lookup, PAM, the login shell or a busy guest may be the cause';
  return { state: 'skipped', name: 'login', message: `${took}; ${causes}` };
}

// sshd's MaxAuthTries is 6, and ssh offers all keys of the agent before one that is only a file.
const fewerKeys =
  'the ssh-agent offered more keys than sshd takes, before the right one: ssh -o IdentitiesOnly=yes, or for all machines vmssh config install -o IdentitiesOnly=yes';

function failed(name: FailureName, message: string): Finding {
  return { state: 'failed', name, message, fix: guestFailures[name].fix };
}

/** Possible causes of a failed connection over `family`, likeliest first; none if the error is clear. */
export function suspects(error: ConnectError, family?: Endpoint['family']): readonly FailureName[] {
  const symptom = symptomOf(error);
  if (symptom === undefined) return [];
  const rows = Object.entries(guestFailures) as [FailureName, GuestFailure][];
  return rows
    .filter(([, { seenAs, onlyVsock }]) => seenAs?.includes(symptom) && (!onlyVsock || usesVsock(family)))
    .map(([name]) => name);
}

function symptomOf({ op, code, reason }: ConnectError): Symptom | undefined {
  const names = Object.keys(symptoms) as Symptom[];
  return names.find((name) => {
    const symptom: { op: string; codes: readonly string[]; reason?: string } = symptoms[name];
    return symptom.op === op && symptom.codes.includes(code) && (symptom.reason ?? reason) === reason;
  });
}
