import { ConnectError, errorWith } from '../base/errors.js';
import { mayBeGiven } from '../book/names.js';
import { writtenState } from '../book/state.js';
import { usersNames } from '../book/taken-names.js';
import type { Finding } from '../guest/report.js';
import { asTarget, parseTarget, providersOf } from '../kinds/kinds.js';
import { programInPath } from '../process/program-in-path.js';
import { lookUp } from '../reach/login.js';
import { loadHere } from '../sources/here.js';
import { listAll } from '../sources/list-all.js';
import { isFailure } from '../sources/source.js';
import { runTool } from '../sources/tools/run-tool.js';
import { ownEnv } from '../sources/trusted-env.js';
import { withToolFolders } from '../sources/trusted-path.js';
import { config, lookAtName } from './config.js';
import { device } from './device.js';
import { knownKey, pin } from './host-key.js';
import { inside } from './inside.js';
import { certificate, key, keyLeft } from './key.js';
import { login } from './login.js';
import { brought, sshd } from './sshd.js';
import type { ActFacts, LookFacts, Setup, SetupCaller, SetupStep, ShowStep, UndoFacts } from './step.js';
import { asFailure, collector, newSetup, runSteps } from './step.js';
import { way, wayIn } from './way.js';

/** What setup looks after once it has a way in, in the order in which it looks and then acts: a new thing is a record more. */
const steps: readonly SetupStep[] = [
  ...[device, way, brought, certificate, key, inside, sshd, knownKey, config, pin, login],
];

/** In what order it is taken back: first what only the machine's manager can do. */
const undone: readonly SetupStep[] = [way, inside, device, knownKey, config, keyLeft];

const undoneHere: readonly SetupStep[] = [{ undo: lookWhetherGone }, knownKey, config];

export interface SetupSteps {
  readonly name: string;
  readonly target: string;
  readonly host?: string | undefined;
  readonly user?: string | undefined;
  readonly steps: readonly Finding[];
  /** The lines for ssh, if they are not written. */
  readonly lines?: string | undefined;
}

export interface SetupPlan extends SetupSteps {
  readonly setup: Setup;
  /** Undefined: nobody could begin, or it is an undo. */
  readonly found: LookFacts | undefined;
}

interface Ways extends SetupCaller {
  readonly show: ShowStep;
}

/**
 * Makes a machine one for `ssh NAME`, and logs in. `plan` looks what has to be done, and changes nothing: it throws a ConnectError if no machine has
 * the name, or nobody can go into it. `carryOut` does it, and stops at the first failure: it can be run again. An undo has the same two parts.
 */
export function settingUp({ show, ...ways }: Ways) {
  return {
    async plan(name: string): Promise<SetupPlan> {
      const { named, claim } = await lookUpClaimed(name, ways);
      const setup = newSetup(named, { name, claim, ...ways }, show);
      await lookAtName(setup);
      const begin = setup.isOver() ? undefined : await wayIn(setup);
      const facts = begin && (await runSteps(steps, begin, (step, all) => step.look?.(setup, all), setup));
      return { ...rowsOf(setup, facts), setup, found: facts };
    },
    async carryOut({ found, ...plan }: SetupPlan): Promise<SetupSteps> {
      if (!found) return plan;
      const setup = { ...plan.setup, ...collector(show) };
      const done = await runSteps<ActFacts>(steps, {}, (step, all) => step.act?.(setup, found, all), setup);
      const { host = found.host, lines } = done;
      const isDone = ({ name }: Finding) => setup.steps.some((finding) => finding.name === name);
      const left = plan.steps.filter((row) => !isDone(row));
      return { ...rowsOf(setup, found), host, lines, steps: [...left, ...setup.steps] };
    },
  };
}

/** What keeps plain ssh from what is ready. */
export async function sayShellTrouble(io: Ways['io']): Promise<void> {
  const { shellTrouble } = await import('../process/start-files.js');
  const trouble = await shellTrouble(io);
  if (trouble) await (await import('../cli/rows.js')).complain(trouble.problem, trouble.fix, io);
}

/** The machine that is meant, though its name may be the user's already: he is asked for that. */
async function lookUpClaimed(name: string, { io, signal }: SetupCaller) {
  const claim = asTarget(name) ? undefined : (await usersNames(io))(name);
  const names = claim !== undefined && mayBeGiven(claim) ? async () => () => undefined : undefined;
  return { named: await lookUp(name, { ...io, names }, signal), claim };
}

/** Takes back what `setup` did: in the machine by its journal there, here by what is kept with the login of its Host. */
export function takingBack({ show, ...ways }: Ways): ReturnType<typeof settingUp> {
  const run = async (setup: Setup, what: 'plan' | 'do') => {
    const order = setup.gone ? undoneHere : undone;
    const begin: UndoFacts = { said: [], own: [] };
    await runSteps(order, begin, (step, all) => step.undo?.(setup, all, what), setup);
    return { ...rowsOf(setup), setup, found: undefined };
  };
  return {
    async plan(name) {
      const means = await lookUp(name, ways.io, ways.signal).catch(asFailure);
      const isNone = means instanceof ConnectError ? means.code === 'NOT_FOUND' : !means.machine;
      const gone = isNone ? await keptOf(name, ways.io) : undefined;
      const named = gone ? { text: gone.target, target: parseTarget(gone.target) } : means;
      if (!(named instanceof ConnectError))
        return run(newSetup(named, { name, gone, ...ways }, show), 'plan');
      // Another machine is not the one that was set up.
      throw named.hint?.startsWith('did you')
        ? errorWith(named, { hint: 'vmssh list shows what there is' })
        : named;
    },
    carryOut: ({ setup }) => run({ ...setup, ...collector(show) }, 'do'),
  };
}

async function keptOf(name: string, io: Ways['io']) {
  const made = (await writtenState(io))?.machines.filter(({ login }) => login !== undefined);
  return made?.find((record) =>
    [record.target, record.host ?? record.name, record.login?.takes].includes(name),
  );
}

function rowsOf({ name, target, steps }: Setup, facts?: LookFacts): SetupSteps {
  return { name, target, host: facts?.host, user: facts?.inside && facts.login.user, steps };
}

/** Whether a machine that nothing lists is gone: its manager has to answer. */
async function lookWhetherGone({ gone, named, io, signal, add }: Setup) {
  const [source] = await loadHere(io, providersOf(named.target).slice(0, 1));
  const { warnings } = await listAll({ ...io, signal }, source ? [source] : []);
  const [program = '', ...args] = source?.listCommand?.split(' ') ?? [];
  const env = withToolFolders(ownEnv(io.env), io.platform);
  // A list has nothing of a manager that is stopped, and its program says why.
  const ask = async () => programInPath(program, env) && runTool(program, args, { env, signal });
  const asked = ask().then(
    () => undefined,
    ({ message }: Error) => message,
  );
  const problem = warnings.find(isFailure)?.problem ?? (await asked);
  if (problem)
    return add('way', 'failed', `${source?.title} does not answer: ${problem}`, source?.listCommand);
  add('way', 'skipped', 'nothing lists it any more: nothing is done in it');
  return gone?.login && { login: gone.login };
}
