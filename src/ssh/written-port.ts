import { type HostState, readState } from './config/state.js';
import { writtenStateFile } from './known-hosts-file.js';

/** The loopback port that the Hosts of `config install` have for a machine, by its target. */
export async function writtenPort(
  target: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number | undefined> {
  return portIn(await readState(writtenStateFile(env)), target);
}

/** The same in a state that was read. */
export function portIn(state: HostState | undefined, target: string): number | undefined {
  return state?.machines.find((entry) => entry.target === target)?.loopback;
}
