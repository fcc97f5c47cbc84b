import { join } from 'node:path';
import type { Io } from '../../cli/command.js';
import { usage } from '../../cli/values.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { ownerOf } from '../../ssh/config/file.js';
import type { Change } from '../change.js';
import { fileAt } from '../files.js';
import { freshUnits, freshUnitTexts } from '../fresh/units.js';
import { loopbackUnits, loopbackUnitTexts } from '../loopback/units.js';

/** Which units there are to be; undefined: as now. */
export interface WantedUnits {
  /** Those that keep the Hosts up to date. */
  readonly fresh?: boolean | undefined;
  /** Those that listen on the loopback ports of machines. */
  readonly loopback?: boolean | undefined;
}

/** What is to be done to the unit files, and the first one that somebody changed. */
export interface UnitChanges {
  readonly changes: readonly Change[];
  readonly changed?: { readonly path: string; readonly text: string } | undefined;
}

/** The unit files that are written, or that are removed if they are ours. Throws a UsageError. */
export async function unitChanges(
  folder: string | undefined,
  { fresh, loopback }: WantedUnits,
  io: Io,
): Promise<UnitChanges> {
  if (folder === undefined) return { changes: [] };
  const { program } = await callerForSsh(io);
  const texts: Readonly<Record<string, string>> = usage(() => ({
    ...(fresh ? freshUnitTexts(program, io.env) : {}),
    ...(loopback ? loopbackUnitTexts(program, io.env) : {}),
  }));
  const names = [
    ...(fresh === undefined ? [] : freshUnits),
    ...(loopback === undefined ? [] : loopbackUnits),
  ];
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { text: before } = await fileAt(path);
      return { path, before, after: texts[name], owner: ownerOf(before) };
    }),
  );
  // What is in the way of ours, or was ours.
  const other = files.find(
    ({ owner, after }) => owner === 'edited' || (owner === 'foreign' && after !== undefined),
  );
  if (other?.before !== undefined) return { changes: [], changed: { path: other.path, text: other.before } };
  const ours = files.filter(({ owner, after }) => after !== undefined || owner === 'ours');
  return {
    changes: ours
      .filter(({ before, after }) => before !== after)
      .map(({ path, before, after }) => ({ path, before, after, mode: 0o600 })),
  };
}
