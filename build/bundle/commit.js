import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The commit that is checked out, in full, and its time in seconds since 1970. Undefined if the sources themselves are not a git
 * checkout, even if one is around them.
 * @param {string} root
 */
export function commitOf(root) {
  if (!existsSync(join(root, '.git'))) return undefined;
  const { stdout } = spawnSync('git', ['log', '-1', '--format=%H %ct'], { cwd: root, encoding: 'utf8' });
  const [, id, time] = /^([0-9a-f]{40,64}) (\d+)$/m.exec(stdout ?? '') ?? [];
  return id === undefined || time === undefined ? undefined : { id, time };
}

/**
 * When the sources were made, in seconds since 1970: as whoever builds them says (reproducible-builds.org/specs/source-date-epoch), else when
 * they were committed; now if they are not a git checkout.
 * @param {string} root
 */
export function sourceTime(root, { SOURCE_DATE_EPOCH: said = '' } = process.env) {
  if (said !== '' && !/^\d{1,12}$/.test(said))
    throw new Error(`SOURCE_DATE_EPOCH is ${JSON.stringify(said)}, not seconds since 1970`);
  return said || (commitOf(root)?.time ?? String(Math.floor(Date.now() / 1000)));
}

/** For the bundler's `transform.define`: what src/base/version.ts gets from the build. @param {string} root */
export function buildConstants(root) {
  return { BUILD_COMMIT: JSON.stringify(commitOf(root)?.id ?? null) };
}
