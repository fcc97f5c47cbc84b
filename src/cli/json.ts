import type { NoBannerReason, Op } from '../base/errors.js';
import { flag } from './command.js';

export const jsonOption = flag({ long: 'json', summary: 'print JSON (docs/reference/json.md)' });

/** The version of these shapes: it changes when a field is removed or changes its meaning, not when one is added. */
export const jsonVersion = 1;

/** The fields of every --json output, around the command's own; docs/reference/json.md and docs/reference/json.schema.json describe it. */
export interface Envelope<Name extends string = string> {
  readonly version: typeof jsonVersion;
  readonly command: Name;
  readonly ok: boolean;
  readonly exitCode: number;
}

export interface FailureJson {
  /** The step of the connection that failed; absent if the failure was outside it. */
  readonly op?: Op;
  readonly target?: string;
  readonly code: string;
  readonly problem: string;
  readonly hint?: string;
  readonly reason?: NoBannerReason;
}

export interface FailedJson extends Envelope {
  readonly ok: false;
  readonly error: FailureJson;
}

export function envelope<Name extends string>(command: Name, exitCode: number): Envelope<Name> {
  return { version: jsonVersion, command, ok: exitCode === 0, exitCode };
}

/** JSON text and a line break; on one line if `pretty` is false. Nothing in it can control a terminal. */
export function formatJson(json: unknown, pretty = true): string {
  const text = JSON.stringify(json, undefined, pretty ? 2 : undefined);
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${text.replaceAll(steering, (character) => character.split('').map(escaped).join(''))}\n`;
}

// JSON.stringify only escapes control characters below U+0020 and lone surrogates.
const steering = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;
