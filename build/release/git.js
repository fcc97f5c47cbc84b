import { run } from '../package/run.js';
import { isAfter, isVersion } from './versions.js';

/** What git prints in this checkout. @param {string} root @param {readonly string[]} args @param {NodeJS.ProcessEnv} [env] */
export function git(root, args, env = {}) {
  return run('git', args, { cwd: root, env: { ...process.env, ...env }, get: 'apt-get install git' }).trim();
}

/** The versions that have a tag, as "v1.2.3", the oldest first. @param {string} root */
export function taggedVersions(root) {
  const tags = git(root, ['tag', '--list', 'v*']).split('\n');
  return tags
    .map((tag) => tag.slice(1))
    .filter(isVersion)
    .toSorted((one, other) => (isAfter(one, other) ? 1 : -1));
}

/** The commit of a tag or of another name. @param {string} root @param {string} name */
export function commitNamed(root, name) {
  return git(root, ['rev-parse', '--verify', `${name}^{commit}`]);
}
