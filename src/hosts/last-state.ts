import { type HostKeyPolicy, policyOf, strictest } from '../identity/policy.js';
import { optionsIn, ownerOf, policyInLines } from '../ssh/config/file.js';
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

/** From its file, and the lines for ssh that were made from it. `policy`: what is written beside them for all users. */
export function lastState(text: string | undefined, own: string | undefined, policy?: string): LastState {
  const lines = ownerOf(own) === 'ours' ? own : undefined;
  const least = policyOf(policy?.trim());
  if (text === undefined) return lines === undefined ? { state: noState } : lostState(lines, least);
  try {
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
    return { state: noState, unusable: (error as Error).message };
  }
}

function lostState(lines: string, least: HostKeyPolicy | undefined): LastState {
  const said = strictest(policyInLines(lines), least);
  const options = { ...optionsIn(lines), ...(said ? { hostKeys: said } : {}) };
  const problem =
    'is missing: options that its lines for ssh do not say, and Hosts of machines that cannot be asked now, are lost';
  return { state: { ...noState, options }, problem, isLost: true };
}
