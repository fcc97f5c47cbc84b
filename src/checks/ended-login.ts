import type { ProgramEnd } from '../process/run-program.js';

/** For a login. Milliseconds. */
export const loginTimeoutMs = 60_000;

/** Why ssh, at LogLevel INFO, ended without a login: the last line that says so; never empty, at most 500 characters. */
export function whyEnded({
  code,
  stdout,
  stderr,
  stopped,
}: Pick<ProgramEnd, 'code' | 'stdout' | 'stderr' | 'stopped'>): string {
  const late = stopped === 'timeout' ? `it did not end within ${loginTimeoutMs / 1000} s` : undefined;
  // What runs in a terminal says everything on stdout, and so does nologin.
  const message = lastLine(stderr.replace(notReason, '')) ?? late ?? lastLine(stdout);
  return message ?? `ssh ended with ${code ?? 'a signal'}`;
}

/** What ssh says at each login with these options, and after each. */
const notReason = /^(Warning: Permanently added .*|Connection to .* closed\.)\r?$/gm;

/** The end of a line that is too long: before it a machine may have printed a banner without a line end. */
function lastLine(text: string): string | undefined {
  return text.trim().split('\n').pop()?.trim().slice(-500) || undefined;
}
