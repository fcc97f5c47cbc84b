import { startProgress } from '../cli/terminal.js';
import type { Io } from '../process/io.js';
import type { AllMachines } from '../sources/list-all.js';
import type { ViaHosts } from './hypervisors.js';

export interface MachinesFound extends AllMachines {
  /** The hypervisors that were asked. */
  readonly asked?: readonly string[];
  /** Nobody was asked: the Hosts stay as they are. */
  readonly isUnasked?: true;
  /** When they were found, if not today: 2026-01-31. */
  readonly day?: string;
  /** The environment that the sources here were asked with, if not the one that was given. */
  readonly env?: Io['env'];
}

export type FindMachines = (io: Io, via?: ViaHosts) => Promise<MachinesFound>;

/** Every machine on this host and on the hypervisors; warns on stderr about each source that could not be asked. */
export const findMachines: FindMachines = async (io, via) => {
  const [{ listAll }, { loadHere }] = await Promise.all([
    import('../sources/list-all.js'),
    import('../sources/here.js'),
  ]);
  const progress = await startProgress(io, 'looking for machines');
  // A machine that is not listed now may lose its Host, so sources get more time than for `list`.
  const here = await listAll({ env: io.env }, await loadHere(io), 5000).finally(() => progress.stop());
  return via ? withVia(here, via, io) : here;
};

/** Adds the machines of hypervisors; one that does not answer is a warning of the source "via/HOST". */
async function withVia(here: AllMachines, via: ViaHosts, io: Io): Promise<MachinesFound> {
  const [{ readViaHosts }, { askAll }] = await Promise.all([import('./hypervisors.js'), import('./ask.js')]);
  const asked = await readViaHosts(via, io);
  const progress = await startProgress(io, `asking ${asked.join(', ')}`);
  const beforeQuestion = () => progress.stop();
  const listings = await askAll(asked, io, { beforeQuestion }).finally(() => progress.stop());
  const failures = listings.flatMap(({ host, error }) =>
    error ? [{ provider: `via/${host}`, code: error.code, problem: error.problem }] : [],
  );
  return {
    machines: [here, ...listings].flatMap(({ machines }) => machines),
    warnings: [...[here, ...listings].flatMap(({ warnings }) => warnings), ...failures],
    asked,
  };
}
