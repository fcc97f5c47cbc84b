import type { Io } from '../../cli/command.js';
import { complain } from '../../cli/message.js';
import { exitCode, quote } from '../../errors.js';
import { applyPlan, ChangedMeanwhile, type Write } from './apply.js';
import type { Plan } from './plan.js';

/** How often it tries. */
const mostTries = 4;

/**
 * Plans and makes the changes. If another program changes one of the files meanwhile, it starts over with the new
 * content. Resolves to the exit code.
 */
export async function carryOut(plan: (io: Io) => Promise<Plan>, io: Io, write?: Write): Promise<number> {
  const said = new Set<string>();
  const err = (text: string) => {
    if (!said.has(text)) io.err(text);
    said.add(text);
  };
  for (let left = mostTries - 1; ; left--) {
    try {
      return await applyPlan(await plan({ ...io, err }), io, write);
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) throw error;
      if (left > 0) continue;
      await complain(
        `${quote(error.path)} was changed by another program, again and again`,
        'run the command again',
        io,
      );
      return exitCode.connect;
    }
  }
}
