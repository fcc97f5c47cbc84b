import { providersOf } from '../../kinds/kinds.js';
import { programInPath } from '../../process/program-in-path.js';
import { loadHere } from '../../sources/here.js';
import { listAll } from '../../sources/list-all.js';
import { isFailure } from '../../sources/source.js';
import { runTool } from '../../sources/tools/run-tool.js';
import { ownEnv } from '../../sources/trusted-env.js';
import { withToolFolders } from '../../sources/trusted-path.js';
import type { Found, Setup } from './setup-step.js';

/** Whether a machine that nothing lists is gone: its manager has to answer. */
export async function lookWhetherGone({
  gone: login,
  named,
  io,
  signal,
  add,
}: Setup): Promise<Found | undefined> {
  const [source] = await loadHere(io, providersOf(named.target).slice(0, 1));
  const { warnings } = await listAll({ ...io, signal }, source ? [source] : []);
  const [program = '', ...args] = source?.listCommand?.split(' ') ?? [];
  const env = withToolFolders(ownEnv(io.env), io.platform);
  // A list has nothing of a manager that is stopped, and its program says why.
  const ask = async () => (programInPath(program, env) ? await runTool(program, args, { env, signal }) : '');
  const asked = ask().then(
    () => '',
    ({ message }: Error) => message,
  );
  const problem = warnings.find(isFailure)?.problem ?? (await asked);
  if (problem)
    return add('way', 'failed', `${source?.title} does not answer: ${problem}`, source?.listCommand);
  add('way', 'skipped', 'nothing lists it any more: nothing is done in it');
  return { login };
}
