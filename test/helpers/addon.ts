import { existsSync } from 'node:fs';
import { loadAddon } from '../../src/base/native.js';
import { findProgram } from './programs.js';
import { dist } from './run.js';
import { skip } from './skips.js';

/** Why tests that need the native addon are skipped, with the remedy; undefined if it is there. With VMSSH_NO_SKIP=1 it throws. */
export function missingAddon(isThere = loadAddon().addon !== undefined): string | undefined {
  return isThere ? undefined : skip(`the native addon is not built: ${addonRemedy()}`);
}

/** The same for the executable of this system. */
export function missingExecutable(isThere = existsSync(dist('linux-x64/vmssh'))): string | undefined {
  return isThere
    ? undefined
    : skip('the executable is not built: apt-get install g++ musl-dev && npm run build');
}

/** What builds it here; native/build.js takes the first of these compilers. */
export function addonRemedy(find: (name: string) => string | undefined = findProgram): string {
  const compilers = [process.env.CXX ?? '', 'g++', 'c++', 'clang++'].filter((name) => name !== '');
  return compilers.some(find) ? 'npm run build' : 'apt-get install g++ && npm run build';
}
