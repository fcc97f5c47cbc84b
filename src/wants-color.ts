/** What the use of colours depends on. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean };
}

/** Whether a stream gets colours: not a pipe, nor with NO_COLOR (https://no-color.org) or TERM=dumb, unless FORCE_COLOR is set. */
export function wantsColor({ env, terminal }: Surroundings, stream: 'stdout' | 'stderr'): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return terminal[stream] && env.TERM !== 'dumb';
}
