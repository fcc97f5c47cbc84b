import type { Io } from '../../../cli/command.js';
import { silent } from '../../../hosts/fresh/silent.js';
import { withoutKey, writeLoopbackKeys } from '../../../hosts/loopback/known-hosts.js';
import { readState } from '../../../ssh/config/state.js';
import { writtenStateFile } from '../../../ssh/known-hosts-file.js';
import { type Remembered, remembered } from '../remembered.js';

/** A machine whose key was known, or could not be learned, is not looked at again for so long. Milliseconds. */
const rememberedMs = 30_000;

/**
 * Before a client is connected: has ssh learn the machine's host key if it does not know it yet, so that the client finds it in the user's
 * known_hosts. Never rejects.
 */
export function firstKeys(io: Io, signal: AbortSignal): (port: number) => Promise<void> {
  const byPort = new Map<number, Remembered<void>>();
  const learn = async (port: number) => {
    const state = await readState(writtenStateFile(io.env));
    if (!state) return;
    const [machine] = (await withoutKey(state, io.env)).filter(({ loopback }) => loopback === port);
    if (!machine) return;
    const { learnKeys } = await import('../../../hosts/loopback/learn.js');
    const learned = await learnKeys([machine], state, io, signal);
    if (learned.length > 0) await writeLoopbackKeys(state, silent(io));
  };
  return (port) => {
    const looked = byPort.get(port) ?? remembered(() => learn(port).catch(() => {}), rememberedMs);
    byPort.set(port, looked);
    return looked.get();
  };
}
