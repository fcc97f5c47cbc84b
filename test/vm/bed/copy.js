/** @import { Guest } from '../types.js' */
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { quote } from './ssh.js';

/**
 * Copies a file to a file, or a folder's content to a folder; symbolic links are followed. `run` runs in the guest.
 * @param {Guest['run']} run
 * @param {string} from
 * @param {string} to
 */
export async function transfer(run, from, to) {
  const { mode, isFolder } = look(from);
  const { archive, packed } = isFolder ? pack(from, '.') : pack(dirname(from), basename(from));
  const unpack = isFolder
    ? `mkdir -p ${quote(to)} && tar -C ${quote(to)} --no-same-owner -xf -`
    : `mkdir -p ${quote(dirname(to))} && tar -xOf - >${quote(to)} && chmod ${mode} ${quote(to)}`;
  await Promise.all([run(unpack, { input: archive, timeout: 180 }), packed]);
}

/** @param {string} path */
function look(path) {
  const found = statSync(path);
  return { mode: (found.mode & 0o777).toString(8), isFolder: found.isDirectory() };
}

/**
 * A tar stream of one name in a folder, and a promise that fails when it could not be made.
 * @param {string} folder
 * @param {string} name
 */
function pack(folder, name) {
  const child = spawn('tar', ['-C', folder, '-chf', '-', name], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  /** @type {Promise<void>} */
  const packed = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`tar of ${folder}/${name}: ${text}`)),
    );
  });
  return { archive: child.stdout, packed };
}
