/** Why a source of machines gave no answer; the message is one clause without a full stop. */
export class DiscoveryError extends Error {
  override readonly name = 'DiscoveryError';
  /** An errno's name, FAILED, PROTOCOL or TIMEOUT. */
  readonly code: string;

  /** The fix, if the error knows more of it than its code. */
  readonly hint: string | undefined;

  /** Whether what was asked for is not there, or not any more. */
  readonly isGone: boolean;

  constructor(
    code: string,
    problem: string,
    options?: ErrorOptions & { readonly hint?: string; readonly isGone?: boolean },
  ) {
    super(problem, options);
    this.code = code;
    this.hint = options?.hint;
    this.isGone = options?.isGone === true;
  }
}

/** The problem in a warning, which has the provider's name in front: not twice, if the provider's program has the same name. */
export function problemOf(provider: string, message: string): string {
  const own = `${provider}: `;
  return message.startsWith(own) ? message.slice(own.length) : message;
}
