/** What an error code of a connect means in one family, and what mends it. `{address}` and `{port}` stand for the endpoint's. */
export interface Failure {
  readonly codes: readonly string[];
  readonly problem: string;
  readonly hint: string;
}
