import { expect } from 'vitest';
import type { Outcome } from './run.js';

type Part = string | RegExp;
const part = (text: Part) =>
  typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text);

/** For toMatchObject: a program that ended with this code, and what it said on stderr. */
export const saying = (code: number | null, stderr: Part) => ({ code, stderr: part(stderr) });

/** The same for what it printed on stdout. */
export const printing = (code: number | null, stdout: Part) => ({ code, stdout: part(stdout) });

/** The same for a program that failed: it printed nothing. */
export const failing = (code: number | null, stderr: Part) => ({ stdout: '', ...saying(code, stderr) });

/** The same for all that it printed, and all that it said if that is given. */
export const ended = (code: number | null, stdout: string, stderr?: string) => ({
  ...{ code, stdout },
  ...(stderr !== undefined && { stderr }),
});

/** For toMatchObject: an error with this code, and what its problem has. */
export const refusing = (code: string, problem: Part) => ({ code, problem: part(problem) });

/** That a program ends with this code. */
export async function ends(code: number, program: Promise<Pick<Outcome, 'code'>>): Promise<void> {
  expect(await program).toMatchObject({ code });
}
