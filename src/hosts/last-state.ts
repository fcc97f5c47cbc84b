import { lstat } from 'node:fs/promises';
import { policyOf, strictest } from '../identity/policy.js';
import { optionsIn, ownerOf, policyInLines } from '../ssh/config/file.js';
import { type HostState, NewerState, noState, parseState } from '../ssh/config/state.js';

/** What the last run of `config install` left. */
interface LastState {
  readonly state: HostState;
  /** What is to be said of it: a clause after its path. */
  readonly problem?: string;
  /** Whether nothing of its file counts. */
  readonly isLost?: true;
  /** Which vmssh understands it, if this one does not. */
  readonly newer?: string;
}

/** From its file, and the lines for ssh that were made from it. `policy`: what is written beside them for all users. */
export function lastState(text: string | undefined, own: string | undefined, policy?: string): LastState {
  const lines = ownerOf(own) === 'ours' ? own : undefined;
  const least = policyOf(policy?.trim());
  if (text === undefined && lines === undefined) return { state: noState };
  try {
    if (text === undefined) throw new RangeError('is missing');
    const { state, left } = parseState(text);
    const kept = policyOf(state.options.hostKeys);
    // Lines of an older vmssh have it where they ask.
    const [, asked] = / --host-keys=(\S+)/.exec(lines ?? '') ?? [];
    const said = strictest(policyOf(optionsIn(lines).hostKeys ?? asked), least);
    // The file may have been restored from another day.
    const isStricter = said !== 'accept-new' && strictest(kept, said) !== kept;
    const problem = [
      ...(left === 0 ? [] : [`has ${left} machines that cannot be used`]),
      ...(isStricter ? [`lacks --host-keys=${said}, which the lines for ssh have: the stricter counts`] : []),
    ].join(', and ');
    const options = isStricter ? { ...state.options, hostKeys: said } : state.options;
    return { state: { ...state, options }, ...(problem ? { problem } : {}) };
  } catch (error) {
    if (error instanceof NewerState) return { state: noState, newer: error.message };
    if (!(error instanceof RangeError)) throw error;
    const what = text === undefined ? error.message : `cannot be used, ${error.message}`;
    const lost =
      'options that its lines for ssh do not say, and Hosts of machines that cannot be asked now, are lost';
    const said = strictest(policyInLines(lines), least);
    const options = { ...optionsIn(lines), ...(said ? { hostKeys: said } : {}) };
    return { state: { ...noState, options }, problem: `${what}: ${lost}`, isLost: true };
  }
}

/** The first name beside a file that nothing has: FILE.old, FILE.old2. */
export async function freeName(path: string): Promise<string> {
  for (let count = 1; ; count++) {
    const name = `${path}.old${count === 1 ? '' : count}`;
    if ((await lstat(name).catch(() => undefined)) === undefined) return name;
  }
}
