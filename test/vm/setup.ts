import type { TestProject } from 'vitest/node';
import { ensureImage, ensurePrograms } from './images/cache.js';
import { whatIsMissing } from './images/requirements.js';
import { suiteNames, suites } from './images/suites.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why no guest can be booted here, and the remedy; '' when they can. */
    missing: string;
  }
}

// Before all files: finds out whether guests can run here, and builds what the cache lacks.
export default async function setup(project: TestProject): Promise<void> {
  const built = suiteNames.filter((name) => !suites[name].builtWhenBooted);
  const missing = whatIsMissing(built);
  project.provide('missing', missing);
  if (missing && process.env.VMSSH_NO_SKIP === '1') throw new Error(`VMSSH_NO_SKIP=1, but ${missing}`);
  if (missing) console.error(`guests are skipped: ${missing}`);
  else
    await Promise.all([
      ensurePrograms(console.error),
      ...built.map((name) => ensureImage(name, console.error)),
    ]);
}
