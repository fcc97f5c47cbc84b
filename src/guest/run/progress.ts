import { randomBytes } from 'node:crypto';

/** The state in a line of a guest script. The step of `end` is the script's exit code. */
type State = 'ok' | 'changed' | 'skipped' | 'failed' | 'fix' | 'end';

export interface ProgressLine {
  readonly state: State;
  readonly step: string;
  readonly message: string;
}

/** A line of a guest script, in the format of src/guest/sh/parts/report.sh; undefined for any other line. */
export function parseProgress(line: string): ProgressLine | undefined {
  const match = /^(ok|changed|skipped|failed|fix|end) +([a-z0-9-]+) +(.+?)\r?$/.exec(line);
  if (!match) return undefined;
  const [, state, step = '', message = ''] = match;
  return { state: state as State, step, message };
}

/** The guest's own CID, from its script's messages; undefined if it is "any" or could not be read. */
export function cidOf(lines: readonly ProgressLine[]): number | undefined {
  for (const { message } of lines) {
    const cid = /; the CID is (\d{1,10})$/.exec(message)?.[1];
    if (cid !== undefined && Number(cid) > 2) return Number(cid);
  }
  return undefined;
}

/**
 * A random number that a script leaves in a guest, where only root can write. A machine that has it is the same one,
 * whatever address the guest reported.
 */
export function newProof(random: (size: number) => Buffer = randomBytes): string {
  return random(16).toString('hex');
}

/** What proofScript found; undefined if it did not run. */
export function proofIn(lines: readonly ProgressLine[]): string | undefined {
  return lines.find(({ state, step }) => state === 'ok' && step === 'proof')?.message;
}
