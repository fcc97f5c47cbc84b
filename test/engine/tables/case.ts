/** One thing that Node's API does: it has to come out the same on Node and in the engine. `want` is JSON. */
export interface Case {
  readonly name: string;
  readonly run: () => unknown;
  readonly want: unknown;
}

/** Cases by their names. */
export function casesOf(cases: Readonly<Record<string, Omit<Case, 'name'>>>): readonly Case[] {
  return Object.entries(cases).map(([name, each]) => ({ name, ...each }));
}

/** A signal that is aborted. */
export function abortedSignal(reason?: unknown): AbortSignal {
  const controller = new AbortController();
  controller.abort(reason);
  return controller.signal;
}

/** What was thrown, by its code; or its name. */
export async function failure(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return 'nothing was thrown';
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return code ?? name;
  }
}
