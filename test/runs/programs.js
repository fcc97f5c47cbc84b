import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Which of these programs this machine lacks, with what to install; undefined if none. @param {Readonly<Record<string, string>>} programs */
export function missing(programs) {
  const absent = Object.entries(programs).filter(([name]) => findProgram(name) === undefined);
  if (absent.length === 0) return undefined;
  const names = absent.map(([name]) => name).join(', ');
  return `${names} not found: apt-get install ${absent.map(([, packages]) => packages).join(' ')}`;
}

/** Where a program lies: on PATH, or in the folders of system programs that a user's PATH leaves out. @param {string} name */
export function findProgram(name, path = process.env.PATH ?? '') {
  const folders = [...path.split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
