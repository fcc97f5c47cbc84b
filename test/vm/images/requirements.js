import { accessSync, constants } from 'node:fs';
import { delimiter } from 'node:path';
import { debianMirror } from '../../../build/debian-mirror.js';
import { cachedImage, cachedPrograms } from './cache.js';

// What a program is in: the packages that ../install-deps installs.
/** @type {Readonly<Record<string, string>>} */
const packageOf = {
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'e2fsprogs',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  setpriv: 'util-linux',
  flock: 'util-linux',
  tar: 'tar',
};

/**
 * What keeps guests of these suites from running here: '' when nothing does, else the reason and its remedy.
 * @param {readonly string[]} suites
 * @param {{ platform?: NodeJS.Platform, arch?: NodeJS.Architecture, uid?: number | undefined }} [machine]
 */
export function whatIsMissing(
  suites,
  { platform = process.platform, arch = process.arch, uid = process.getuid?.() } = {},
) {
  if (platform !== 'linux' || arch !== 'x64')
    return `guests need Linux on x64, and this is ${platform} on ${arch}`;
  const toBuild = !cachedPrograms().built || suites.some((name) => !cachedImage(name).built);
  const programs = [
    'ssh',
    'setpriv',
    'flock',
    'tar',
    ...(toBuild ? ['mmdebstrap', 'mke2fs', 'ssh-keygen'] : []),
  ];
  const absent = programs.filter((name) => !isInPath(name));
  if (absent.length > 0) {
    const packages = [...new Set(absent.map((name) => packageOf[name]))];
    return `guests need ${absent.join(', ')}: apt-get install ${packages.join(' ')}, or test/vm/install-deps`;
  }
  if (toBuild && uid !== 0) return 'building a guest’s image needs root: sudo npm run guest -- build';
  return toBuild ? problem(debianMirror) : '';
}

/** @param {() => void} action */
function problem(action) {
  try {
    action();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @param {string} program @param {readonly string[]} [folders] */
function isInPath(program, folders = `${process.env.PATH}:/usr/sbin:/sbin`.split(delimiter)) {
  return folders.some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
