import type { Io } from '../../cli/command.js';
import { complain } from '../../cli/message.js';
import { exitCode, quote } from '../../errors.js';
import type { FindMachines } from '../../machines/find-machines.js';
import type { Plan } from '../plan.js';
import { applyPlan, ChangedMeanwhile, type Write } from './apply.js';

/** How often it tries. */
const mostTries = 4;

/** What was done. */
export interface CarriedOut {
  readonly code: number;
  readonly plan: Plan;
}

/**
 * Plans and makes the changes. If another program changes one of the files meanwhile, it starts over with the new
 * content.
 */
export async function carryOut(plan: () => Promise<Plan>, io: Io, write?: Write): Promise<CarriedOut> {
  const said = new Set<string>();
  for (let left = mostTries - 1; ; left--) {
    const made = await plan();
    for (const note of made.notes ?? []) if (!said.has(note)) io.err(`${note}\n`);
    for (const note of made.notes ?? []) said.add(note);
    try {
      return { code: await applyPlan(made, io, write), plan: made };
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) throw error;
      if (left > 0) continue;
      await complain(
        `${quote(error.path)} was changed by another program, again and again`,
        'run the command again',
        io,
      );
      return { code: exitCode.connect, plan: made };
    }
  }
}

/** The same, but a plan that is made again does not ask the providers again. */
export function once(find: FindMachines): FindMachines {
  let found: ReturnType<FindMachines> | undefined;
  return (io, via) => {
    found ??= find(io, via);
    return found;
  };
}
