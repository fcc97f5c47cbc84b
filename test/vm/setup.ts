import type { TestProject } from 'vitest/node';
import { ensurePrograms } from './images/cache.js';
import { whatIsMissing } from './images/requirements.js';
import { suiteNames, suites } from './images/suites.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why no guest can be booted here, and the remedy; '' when they can. */
    missing: string;
  }
}

// Before all files: finds out whether guests can run here, and builds QEMU if the cache lacks it. An image is built when a test boots it.
export default async function setup(project: TestProject): Promise<void> {
  const missing = whatIsMissing(suiteNames.filter((name) => !suites[name].isRare));
  project.provide('missing', missing);
  if (missing && process.env.VMSSH_NO_SKIP === '1') throw new Error(`VMSSH_NO_SKIP=1, but ${missing}`);
  if (missing) console.error(`guests are skipped: ${missing}`);
  else await ensurePrograms(console.error);
}
