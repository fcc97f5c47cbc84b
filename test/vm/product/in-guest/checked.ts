export function errorsOf(json: string | undefined) {
  return resultsOf(json).map(({ exitCode, error: { target: _, ...error } = {} }) => ({ exitCode, ...error }));
}

export function resultsOf(json = '{ "results": [] }') {
  return (JSON.parse(json) as { results: Checked[] }).results;
}

/** What `vmssh check --json` says about one target. */
interface Checked {
  readonly target: string;
  readonly exitCode: number;
  readonly stages: readonly { readonly stage: string; readonly found: string }[];
  readonly error?: {
    readonly target?: string;
    readonly op?: string;
    readonly code?: string;
    readonly problem?: string;
  };
}
