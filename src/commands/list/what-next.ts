import { pasteable } from '../../cli/failure.js';
import type { Row } from '../../cli/rows.js';
import type { Io } from '../../process/io.js';
import { programInPath } from '../../process/program-in-path.js';
import type { ListedMachine } from '../../sources/merge.js';
import { sourcesToAdd } from '../../sources/outside/shipped.js';
import { isOfOthers } from '../../sources/search.js';
import type { Source } from '../../sources/source.js';
import { withToolFolders } from '../../sources/trusted-path.js';
import { shellOf } from '../../typed/shell.js';
import { typedNames } from './format.js';

/** Below a list for a person. `all`: the machines of the list; `open`: those that run, while ssh does not know the machines' names; `closed`: one that no route leads into. */
export function whatNext(
  all: readonly ListedMachine[],
  open: readonly ListedMachine[],
  closed: ListedMachine | undefined,
  io: Io,
): readonly Row[] {
  const typed = typedNames(all, shellOf(io));
  const isPlain = (machine: ListedMachine) => !isOfOthers(machine) && /^[\w./-]+$/.test(machine.target);
  const first = open.find(isPlain) ?? open[0];
  const login = first && [...sourcesToAdd(io), `To log in: vmssh setup ${typed(first)}`];
  const way = closed && [`No way into ${closed.name} yet: vmssh setup ${typed(closed)}`];
  return lines([...(login ?? []), ...(way ?? [])], io);
}

/** Below an empty list for a person: which managers were asked, and which are not here. */
export function howToGetOne(asked: readonly Source[], io: Io): readonly Row[] {
  const env = withToolFolders(io.env, io.platform);
  const isHere = ({ programs }: Source) =>
    !programs || programs.some((program) => programInPath(program, env) !== undefined);
  const titles = (sources: readonly Source[]) => sources.map(({ title }) => title).join(', ');
  const missing = titles(asked.filter((source) => !isHere(source)));
  return lines(
    [
      ...sourcesToAdd(io),
      `Looked in: ${titles(asked.filter(isHere))}.${missing && ` Not installed: ${missing}.`}`,
      'Expected one? vmssh doctor',
    ],
    io,
  );
}

function lines(all: readonly string[], io: Io): readonly Row[] {
  return all.map((line) => ({ text: pasteable(line, io) }));
}
