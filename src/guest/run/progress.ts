/** What a line of a guest's script says of its step. `end` carries the script's exit code as its step. */
export type State = 'ok' | 'changed' | 'skipped' | 'failed' | 'fix' | 'end';

export interface ProgressLine {
  readonly state: State;
  readonly step: string;
  readonly message: string;
}

/** A line that a guest's script printed, as src/guest/sh/parts/report.sh writes it; undefined for anybody else's. */
export function parseProgress(line: string): ProgressLine | undefined {
  const match = /^(ok|changed|skipped|failed|fix|end) +([a-z0-9-]+) +(.+?)\r?$/.exec(line);
  if (!match) return undefined;
  const [, state, step = '', message = ''] = match;
  return { state: state as State, step, message };
}

/** The guest's own CID, from its script's words; undefined where it reads as "any" or nothing could ask. */
export function cidOf(lines: readonly ProgressLine[]): number | undefined {
  for (const { message } of lines) {
    const cid = /; the CID is (\d{1,10})$/.exec(message)?.[1];
    if (cid !== undefined && Number(cid) > 2) return Number(cid);
  }
  return undefined;
}
