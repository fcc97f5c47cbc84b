import type { NoBannerReason, Op } from '../errors.js';
import { flag } from './option.js';

export const jsonOption = flag({ long: 'json', summary: 'print JSON (docs/json.md)' });

/** The version of these shapes: it changes when a field goes or changes its meaning, not when one is added. */
export const jsonVersion = 1;

/** What every --json prints around a command's own fields; docs/json.md and docs/json.schema.json describe it. */
export interface Envelope<Name extends string = string> {
  readonly version: typeof jsonVersion;
  /** The command's name, "guest check". */
  readonly command: Name;
  readonly ok: boolean;
  /** What the program exits with. */
  readonly exitCode: number;
}

/** Why a command, or one of its targets, failed. */
export interface FailureJson {
  /** The step that failed; absent if it was none on the way to a machine. */
  readonly op?: Op | undefined;
  readonly target?: string | undefined;
  readonly code: string;
  readonly problem: string;
  readonly hint?: string | undefined;
  readonly reason?: NoBannerReason | undefined;
}

/** What a command prints if it failed before it had a result. */
export interface FailedJson extends Envelope {
  readonly ok: false;
  readonly error: FailureJson;
}

/** A fact with what mends it. "skipped": it does not matter here, or cannot be seen. */
export interface FindingJson {
  readonly name: string;
  readonly state: 'ok' | 'changed' | 'skipped' | 'failed';
  readonly found: string;
  readonly fix?: string | undefined;
}

/** The fields that every command has. */
export function envelope<Name extends string>(command: Name, exitCode: number): Envelope<Name> {
  return { version: jsonVersion, command, ok: exitCode === 0, exitCode };
}

/** One JSON text and a line break; on one line if `pretty` is false. No character of it can steer a terminal. */
export function formatJson(json: Envelope, pretty = true): string {
  const text = JSON.stringify(json, undefined, pretty ? 2 : undefined);
  return `${text.replaceAll(steering, escaped)}\n`;
}

// JSON.stringify escapes the control characters below U+0020 and lone surrogates only.
const steering = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}
