import { randomBytes } from 'node:crypto';

/** The state in a line of a guest script: "fix" is a command, "hint" is words. The step of `end` is the script's exit code. */
type State = 'ok' | 'changed' | 'skipped' | 'failed' | 'fix' | 'hint' | 'end';

export interface ProgressLine {
  readonly state: State;
  readonly step: string;
  readonly message: string;
}

/** A fact and its fix. "skipped": it does not matter here, or cannot be seen. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'changed' | 'skipped' | 'failed';
  readonly found: string;
  /** Inside a guest: a command to paste there, as root. */
  readonly fix?: string;
  readonly hint?: string;
  /** In a guest's own words, which may be anything. */
  readonly by?: 'guest';
}

/** A line of a guest script, in the format of src/guest/sh/parts/report.sh; undefined for any other line. */
export function parseProgress(line: string): ProgressLine | undefined {
  const match = /^(ok|changed|skipped|failed|fix|hint|end) +([a-z0-9-]+) +(.+?)\r?$/.exec(line);
  if (!match) return undefined;
  const [, state, step = '', message = ''] = match;
  return { state: state as State, step, message };
}

/** Whether a script has the step of a line: the guest may print others, as those that only this host takes. Undefined: the script is not known here. */
export function mayPrint(
  script: string | undefined,
  { state, step }: { readonly state: State; readonly step: string },
) {
  if (script === undefined || state === 'end') return true;
  const said = '(?:\\b(?:say\\s+\\S+|ok|changed|skipped|failed|fix|hint|fail|must|say_fix|echo)';
  // The first word of a function.
  const given = '(?:^|&&|\\|\\||\\b(?:then|do|else)\\b)\\s*[a-z_]+)';
  return new RegExp(`${said}|${given}\\s+${step}(?![\\w-])`, 'm').test(script);
}

/** The guest's own CID, from its script's messages; undefined if it is "any" or could not be read. */
export function cidOf(lines: readonly ProgressLine[]): number | undefined {
  for (const { message } of lines) {
    const cid = /; the CID is (\d{1,10})$/.exec(message)?.[1];
    if (cid !== undefined && Number(cid) > 2) return Number(cid);
  }
  return undefined;
}

/** A random number: a script leaves it where only root can write, so a machine that has it is the same one, whatever its address; our proxy says it. */
export function newProof(): string {
  return randomBytes(16).toString('hex');
}

export function proofIn(lines: readonly ProgressLine[]): string | undefined {
  return lines.find(({ state, step }) => state === 'ok' && step === 'proof')?.message;
}

/** A script's lines as findings: each fix and each hint is a line of its own there. */
export function findingsOf(lines: readonly ProgressLine[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { state, step: name, message } of lines) {
    const last = findings.at(-1);
    if (state === 'fix' || state === 'hint') {
      if (last?.name === name) findings[findings.length - 1] = { ...last, [state]: message };
    } else if (state !== 'end') findings.push({ name, state, found: message, by: 'guest' });
  }
  return findings;
}
