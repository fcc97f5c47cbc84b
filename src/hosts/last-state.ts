import { optionsIn, ownerOf } from '../ssh/config/file.js';
import { type HostState, noState, parseState } from '../ssh/config/state.js';

interface LastState {
  readonly state: HostState;
  /** What is to be said of it: a clause after its path. */
  readonly problem?: string;
  /** Whether its file is missing, though there are lines. */
  readonly isLost?: true;
  /** Why nothing in its file counts, which then has to be taken out of the way. */
  readonly unusable?: string;
}

/** From its file, and the lines for ssh that were made from it. */
export function lastState(text: string | undefined, own: string | undefined): LastState {
  const lines = ownerOf(own) === 'ours' ? own : undefined;
  if (text === undefined) return lines === undefined ? { state: noState } : lostState(lines);
  try {
    const { state, left } = parseState(text);
    return { state, ...(left === 0 ? {} : { problem: `has ${left} machines that cannot be used` }) };
  } catch (error) {
    return { state: noState, unusable: (error as Error).message };
  }
}

function lostState(lines: string): LastState {
  const problem =
    'is missing: options that its lines for ssh do not say, and Hosts of machines that cannot be asked now, are lost';
  return { state: { ...noState, options: optionsIn(lines) }, problem, isLost: true };
}
