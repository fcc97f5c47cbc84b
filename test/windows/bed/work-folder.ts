import { inject } from 'vitest';

/** The folder that is Z:\mnt\work to the programs, with the prefix and the fakes: each worker of vitest has its own. '' if none runs here. */
export function workFolder(): string {
  return inject('workFolders')[Number(process.env.VITEST_POOL_ID) - 1] ?? '';
}
