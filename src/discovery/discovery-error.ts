/** Why a source of machines gave no answer; the message is one clause without a full stop. */
export class DiscoveryError extends Error {
  override readonly name = 'DiscoveryError';
  /** An errno's name, FAILED, PROTOCOL or TIMEOUT. */
  readonly code: string;

  constructor(code: string, problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.code = code;
  }
}
