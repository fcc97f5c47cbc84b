/** What a connect's error code means in one family, and the fix. `{address}` and `{port}` are the endpoint's. */
export interface Failure {
  readonly codes: readonly string[];
  readonly problem: string;
  readonly hint: string;
  /** The fix for a user of Windows who has the rights that `hint` is about. */
  readonly hintWithRights?: string;
  /** The fix if the address is this host's own: CID 1, or the socket of .host. */
  readonly hintForThisHost?: string;
}
