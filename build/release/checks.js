import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isReleased } from './changelog.js';
import { commitNamed, git, taggedVersions } from './git.js';
import { isAfter, isVersion, versionsOf } from './versions.js';

/** The commits for which .ci/run has passed in this checkout, one a line. */
const record = 'release/tested';

/**
 * Whether this checkout can be released as `version`. Throws if not: with what is in the way, and what to do. Returns whether HEAD is
 * already the commit of this release, which an earlier run made.
 * @param {string} root
 * @param {string} version
 * @param {{ testedElsewhere?: boolean }} [options] whether the owner says that .ci/run has passed for this commit on another machine
 */
export function checkRelease(root, version, { testedElsewhere = false } = {}) {
  if (!isVersion(version))
    throw new Error(`${JSON.stringify(version)} is not a version: write three numbers, as 0.2.0`);
  // Whatever the owner's git shows: all that is new is committed.
  const changes = git(root, ['status', '--porcelain', '--untracked-files=normal']);
  if (changes !== '') throw new Error(`the checkout has changes: commit them, or remove them\n${changes}`);
  checkOrder(root, version);
  const isMade = isReleaseCommit(root, version);
  // The commit of the release itself changes only versions and dates.
  const tested = commitNamed(root, isMade ? 'HEAD^' : 'HEAD');
  if (!testedElsewhere && !hasPassed(root, tested))
    throw new Error(
      `${tested} is not tested here: run .ci/run, which notes it in ${record}, or if it has passed for this commit elsewhere, add --tested-elsewhere`,
    );
  return { isMade };
}

/** @param {string} root @param {string} version */
function checkOrder(root, version) {
  const tagged = taggedVersions(root);
  if (tagged.includes(version) && commitNamed(root, `v${version}`) !== commitNamed(root, 'HEAD'))
    throw new Error(`v${version} is already a tag, of another commit: choose the next version`);
  const newest = tagged.filter((each) => each !== version).at(-1);
  if (newest !== undefined && !isAfter(version, newest))
    throw new Error(`${version} does not come after ${newest}, the newest tag`);
}

/** @param {string} root @param {string} version */
function isReleaseCommit(root, version) {
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const isSubject = git(root, ['log', '-1', '--format=%s']) === releaseSubject(version);
  const isSet = versionsOf(root).every((each) => each.version === version);
  return isSubject && isSet && isReleased(changelog, version);
}

/** The message of a release's commit. @param {string} version */
export function releaseSubject(version) {
  return `Release ${version}`;
}

/** @param {string} root @param {string} commit */
function hasPassed(root, commit) {
  const path = join(root, record);
  return existsSync(path) && readFileSync(path, 'utf8').split('\n').includes(commit);
}
