import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { realPath } from '../files/real-path.js';
import { selfCommand } from '../runtime.js';

/** From the folder of the program: packages of Linux, the archive for Windows, npm's package, and the executable of a checkout. */
const places = ['../share/doc/vmssh/docs', 'docs', '../docs', '../../docs'];

/** The folder with the pages that help names as docs/..., as it was installed with this program; undefined if it was not. */
export function docsFolder(program = selfCommand().at(-1)): string | undefined {
  const file = program === undefined ? undefined : realPath(program);
  if (file === undefined) return undefined;
  const folder = dirname(file);
  return places.map((place) => join(folder, place)).find((docs) => existsSync(join(docs, 'targets.md')));
}
