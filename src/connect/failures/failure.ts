/** What a connect's error code means in one family, and the fix. `{address}` and `{port}` are the endpoint's. */
export interface Failure {
  readonly codes: readonly string[];
  readonly problem: string;
  readonly hint: string;
}
