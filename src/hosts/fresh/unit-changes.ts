import { join } from 'node:path';
import type { Io } from '../../cli/command.js';
import { usage } from '../../cli/values.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { type ConfigOwner, ownerOf } from '../../ssh/config/file.js';
import type { Change } from '../change.js';
import { fileAt } from '../files.js';
import { unitNames, unitTexts } from './units.js';

/** What is to be done to the unit files, and the first one that somebody changed. */
export interface UnitChanges {
  readonly changes: readonly Change[];
  readonly changed?: { readonly path: string; readonly text: string } | undefined;
}

/** The unit files that are written (`fresh`), or that are removed if they are ours. */
export async function unitChanges(folder: string | undefined, fresh: boolean, io: Io): Promise<UnitChanges> {
  if (folder === undefined) return { changes: [] };
  const { program } = await callerForSsh(io);
  const texts = fresh ? usage(() => unitTexts(program, io.env)) : undefined;
  const files = await Promise.all(
    unitNames.map(async (name) => {
      const path = join(folder, name);
      const { text: before } = await fileAt(path);
      return { path, before, after: texts?.[name], owner: ownerOf(before) };
    }),
  );
  // What is in the way of ours, or was ours.
  const refused: readonly ConfigOwner[] = fresh ? ['foreign', 'edited'] : ['edited'];
  const other = files.find(({ owner }) => refused.includes(owner));
  if (other?.before !== undefined) return { changes: [], changed: { path: other.path, text: other.before } };
  const ours = files.filter(({ owner }) => fresh || owner === 'ours');
  return {
    changes: ours
      .filter(({ before, after }) => before !== after)
      .map(({ path, before, after }) => ({ path, before, after, mode: 0o600 })),
  };
}
