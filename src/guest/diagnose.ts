import type { ConnectError } from '../errors.js';
import type { ControlPathTrouble } from '../ssh/control-path.js';
import { type Endpoint, usesVsock } from '../typed/route.js';
import { type FailureName, type GuestFailure, guestFailures, type Symptom, symptoms } from './failures.js';

export interface Signs {
  /** What stopped the connection before the end of the handshake; undefined: nothing. */
  readonly error: ConnectError | undefined;
  readonly family?: Endpoint['family'];
  readonly controlPath?: ControlPathTrouble;
  readonly cidUsers: readonly { readonly name: string; readonly cid?: number; readonly pid?: number }[];
  /** Whether the port's service is registered with Windows; undefined if not checked. */
  readonly service?: { readonly port: number; readonly registered: boolean };
}

export interface Finding {
  readonly state: 'ok' | 'failed' | 'skipped';
  readonly name: FailureName;
  readonly message: string;
  readonly fix?: string;
  /** Possible causes that look the same from outside. */
  readonly suspects?: readonly FailureName[];
}

/** Judges the signs. `certain`: the fault is known without a check from inside. */
export function diagnose(signs: Signs): { findings: readonly Finding[]; certain: boolean } {
  const { error, cidUsers, service } = signs;
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
  if (signs.controlPath) {
    const { problem, fix } = signs.controlPath;
    findings.push({ ...failed('control-path', problem), fix });
  }
  if (error) {
    const names = suspects(error, signs.family);
    const [name] = names;
    if (name) findings.push({ state: 'skipped', name, message: 'seen from outside', suspects: names });
    return { findings, certain: certain || names.length === 0 };
  }
  return { findings, certain: true };
}

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
