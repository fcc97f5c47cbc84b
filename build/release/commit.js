/** @import { Addresses } from './addresses.js' */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitOf } from '../bundle/commit.js';
import { recordApi } from './api.js';
import { releasedChangelog } from './changelog.js';
import { releaseSubject } from './checks.js';
import { git } from './git.js';
import { writeInstall } from './install-lines.js';
import { setVersion } from './versions.js';

const releasedApi = 'test/api/released';

/**
 * Commits the version wherever it is written, the date in the changelog, and what programs may rely on from this release on (./api.js). The date is that of the commit before, which is the one that was
 * tested: so the same sources give the same release, whenever it is made. If anything fails, the checkout is as before.
 * @param {string} root
 * @param {string} version
 * @param {Addresses} addresses
 */
export function commitRelease(root, version, addresses) {
  try {
    changeAndCommit(root, version, addresses);
  } catch (error) {
    // There were no changes before, so all are of this attempt.
    git(root, ['reset', '--quiet', '--hard']);
    git(root, ['clean', '--quiet', '-d', '--force', '--', releasedApi]);
    throw error;
  }
}

/** @param {string} root @param {string} version @param {Addresses} addresses */
function changeAndCommit(root, version, addresses) {
  const time = commitOf(root)?.time ?? '0';
  const path = join(root, 'CHANGELOG.md');
  const date = new Date(Number(time) * 1000).toISOString().slice(0, 10);
  const changelog = releasedChangelog(readFileSync(path, 'utf8'), version, date);
  writeFileSync(path, changelog);
  setVersion(root, version);
  writeInstall(root, addresses, version);
  recordApi(join(root, releasedApi));
  git(root, ['add', '--all']);
  const at = `${time} +0000`;
  git(root, ['commit', '--quiet', '--message', releaseSubject(version)], {
    GIT_AUTHOR_DATE: at,
    GIT_COMMITTER_DATE: at,
  });
}
