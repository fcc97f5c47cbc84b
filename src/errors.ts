/** The steps of the way from a host name to bytes; an error names the one that failed. */
export type Op = 'parse' | 'resolve' | 'connect' | 'handshake' | 'relay';

/** Why no banner came: nothing was sent, the connection was closed or lost, or what came is not SSH. */
export type NoBannerReason = (typeof noBannerReasons)[number];

export const noBannerReasons = ['silent', 'closed', 'not-ssh'] as const;

export interface ConnectErrorInit {
  /** An errno's name ("ECONNREFUSED") or one of ours, which docs/errors.md lists: USAGE, NOT_FOUND, NO_BANNER … */
  readonly code: string;
  /** What went wrong, one clause without a full stop; values received are quoted in it. */
  readonly problem: string;
  /** The command or change that mends it. */
  readonly hint?: string | undefined;
  /** Only of NO_BANNER. */
  readonly reason?: NoBannerReason | undefined;
  readonly cause?: unknown;
}

/** Why a target could not be reached: `message` is one printable line, `hint` what fixes it. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly op: Op;
  /** The target as it was typed. */
  readonly target: string;
  readonly code: string;
  readonly problem: string;
  readonly hint: string | undefined;
  readonly reason: NoBannerReason | undefined;

  constructor(op: Op, target: string, init: ConnectErrorInit) {
    super(`${failure[op]} ${quote(target)}: ${printable(init.problem)}`, { cause: init.cause });
    this.op = op;
    this.target = target;
    this.code = init.code;
    this.problem = init.problem;
    this.hint = init.hint;
    this.reason = init.reason;
  }
}

/** Whether another program's word is one of the steps. */
export function isOp(word: unknown): word is Op {
  return typeof word === 'string' && Object.hasOwn(failure, word);
}

/** The exit codes of every command, listed in docs/errors.md. */
export const exitCode = { ok: 0, connect: 1, usage: 2, noBanner: 3, notFound: 4, interrupted: 130 } as const;

/** The exit code for an error: its op and code decide. */
export function exitCodeOf(error: ConnectError): number {
  if (error.op === 'parse') return exitCode.usage;
  return byCode.get(error.code) ?? exitCode.connect;
}

/** Text in double quotes that is safe to print: control characters stand as \xNN or \u{N}. */
export function quote(text: string): string {
  return `"${printable(text)}"`;
}

/** Names in quotes, joined; of very many the first, and how many more there are. */
export function quoteNames(names: readonly string[], joint: ', ' | ' or '): string {
  const more = names.length - mostNames;
  return [...names.slice(0, mostNames).map(quote), ...(more > 0 ? [`${more} more`] : [])].join(joint);
}

const mostNames = 50;

/** The text with every control and bidirectional character escaped, so that a peer's words cannot steer a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (c) => {
    const code = c.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

const failure: Record<Op, string> = {
  parse: 'cannot understand',
  resolve: 'cannot find',
  connect: 'cannot connect to',
  handshake: 'no SSH server at',
  relay: 'connection lost to',
};

const byCode: ReadonlyMap<string, number> = new Map([
  ['USAGE', exitCode.usage],
  ['NO_BANNER', exitCode.noBanner],
  ['NOT_FOUND', exitCode.notFound],
  ['AMBIGUOUS', exitCode.notFound],
  ['INTERRUPTED', exitCode.interrupted],
]);
