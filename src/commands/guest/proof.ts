import type { Io } from '../../cli/command.js';
import type { HostFlags } from '../../cli/guest/host-flags.js';
import { formatProgress } from '../../cli/guest/progress-line.js';
import { complain } from '../../cli/message.js';
import { styles } from '../../cli/style.js';
import { proofIn } from '../../guest/run/proof.js';
import { guestRoute } from '../../guest/run/route.js';
import { runScript } from '../../guest/run/run-script.js';
import { proofScript } from '../../guest/script.js';

export interface ProofOptions {
  /** The host that was set up, as typed. */
  readonly host: string;
  /** The target that should reach it from now on. */
  readonly target: string;
  /** The target came from the guest itself. */
  readonly isClaimed: boolean;
  /** The text that was left in the machine. */
  readonly proof: string;
  /** Undefined: that of ssh's settings for the host. */
  readonly port: number | undefined;
  /** Another step follows, so the proof is kept. */
  readonly goesOn: boolean;
}

/**
 * Logs in over the target and looks for the proof that was left in the host. Resolves to whether to go on. The address
 * that a guest reports proves nothing, and a typed target may be wrong. Changes nothing in the machine it reaches.
 */
export async function isSameMachine(
  over: HostFlags,
  { host, target, isClaimed, proof, port, goesOn }: ProofOptions,
  io: Io,
  signal: AbortSignal,
): Promise<boolean> {
  const isNeeded = isClaimed || goesOn;
  const { env, self, platform } = io;
  const options = { ...over, script: proofScript({ keep: goesOn }), needsRoot: false, port, self, platform };
  const route = guestRoute(options, [
    ...['-o', 'ControlPath=none'],
    ...(isNeeded ? [] : ['-o', 'BatchMode=yes']),
  ]);
  const { lines, code, message } = await runScript(route, { env, signal, onLine: () => {} });
  signal.throwIfAborted();
  const found = code === undefined ? undefined : proofIn(lines);
  if (found === undefined && isNeeded) {
    const word = goesOn ? '' : '; --target TARGET skips the proof';
    const hint = `--key FILE installs your key there${word}`;
    await complain(`${target} cannot be proved to be ${host}: the login there failed: ${message}`, hint, io);
    return false;
  }
  if (found !== undefined && found !== proof) {
    const why = isClaimed ? 'the guest reported a wrong CID: set its target' : 'set its own target';
    await complain(
      `${target} is not ${host}: the proof that was left there is missing`,
      `${why} with --target TARGET`,
      io,
    );
    return false;
  }
  const line =
    found === undefined
      ? ({ state: 'skipped', message: `not proved: ${message}` } as const)
      : ({ state: 'ok', message: `${target} is ${host}` } as const);
  io.out(formatProgress({ ...line, step: 'same-machine' }, await styles(io, 'stdout')));
  return true;
}
