import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../helpers/run.js';

/** What a real ssh understands of a configuration, by keyword; undefined if it refuses it. `folder` is for the file. */
export async function understoodBySsh(
  config: string,
  host: string,
  folder: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  const file = join(folder, 'config');
  writeFileSync(file, config);
  const { code, stdout } = await run(['ssh', '-G', '-F', file, '--', host]);
  if (code !== 0) return undefined;
  return new Map(stdout.split('\n').map((line) => [line.replace(/ .*/s, ''), line.replace(/^\S* ?/, '')]));
}
