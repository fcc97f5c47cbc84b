import { effects, type Writers, writersByMode } from '../../files/writers.js';
import { isProgram, programsInPath } from '../../process/program-in-path.js';
import { type Opener, openers, type Use } from './openers.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface FoundTool {
  readonly tool: Opener;
  readonly path: string;
}

/** The tools of this host for a use, the best first. What another user could replace is passed over. */
export async function* openersFor(
  use: Use,
  { PATH = '/usr/bin:/bin' }: Env,
  who: () => Promise<Pick<Writers, 'over'>> = () => writersByMode(effects),
  known: readonly Opener[] = openers,
): AsyncGenerator<FoundTool> {
  const writers = await who();
  for (const tool of known.filter(({ uses }) => uses.includes(use))) {
    const paths = tool.places?.filter(isProgram) ?? programsInPath(tool.name, { PATH });
    for (const path of new Set(paths)) if ((await writers.over(path)) === undefined) yield { tool, path };
  }
}
