import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** What failed in a file, and the project that ran it; `tests` is empty if the file itself could not be run. */
export interface FailedFile {
  readonly file: string;
  readonly project: string;
  readonly tests: readonly string[];
}

/** Writes the files that failed to $VMSSH_FAILED, for again.js. None after an error that belongs to no test. */
export default class Failed implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const { VMSSH_FAILED } = process.env;
    if (VMSSH_FAILED === undefined || errors.length > 0) return;
    const failed: FailedFile[] = modules
      .filter((module) => !module.ok())
      .map((module) => ({
        file: module.relativeModuleId,
        project: module.project.name,
        tests: [...module.children.allTests('failed')].map((test) => test.fullName),
      }));
    writeFileSync(VMSSH_FAILED, JSON.stringify(failed));
  }
}
