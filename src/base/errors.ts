/** The steps from a host name to a connection; an error names the one that failed. */
export type Op = 'parse' | 'resolve' | 'connect' | 'handshake' | 'relay';

/** Why no banner came: nothing was sent, the connection was closed or lost, or what came is not SSH. */
export type NoBannerReason = (typeof noBannerReasons)[number];

export const noBannerReasons = ['silent', 'closed', 'not-ssh', 'unanswered'] as const;

export interface ConnectErrorInit {
  /** An errno's name ("ECONNREFUSED") or one of ours, listed in docs/reference/errors.md: USAGE, NOT_FOUND, NO_BANNER … */
  readonly code: string;
  /** What went wrong: one clause without a full stop, with received values in quotes. */
  readonly problem: string;
  /** The command or change that fixes it. */
  readonly hint?: string | undefined;
  /** The rest of a hint whose first command is `vmssh setup`, which explains the failure: for a machine that was set up. */
  readonly otherHint?: string | undefined;
  /** Only for NO_BANNER. */
  readonly reason?: NoBannerReason | undefined;
  /** Whether to try again later cannot help; by default only for what cannot be parsed. */
  readonly final?: boolean | undefined;
  /** Only for a machine that its manager knows not to be up. */
  readonly start?: StartCommand | undefined;
  readonly cause?: unknown;
}

/** How a machine that is not up is started by its own manager. */
export interface StartCommand {
  /** The machine's name there. */
  readonly machine: string;
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  /** What a person types instead; undefined: the command. */
  readonly typed?: string | undefined;
  /** The command that shows why it ended; undefined: its manager has none. */
  readonly log?: readonly string[] | undefined;
}

/** Why a target could not be reached: `message` is one printable line, `hint` the fix. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly op: Op;
  /** The target as typed. */
  readonly target: string;
  readonly code: string;
  readonly problem: string;
  readonly hint: string | undefined;
  readonly otherHint: string | undefined;
  readonly reason: NoBannerReason | undefined;
  readonly final: boolean;
  readonly start: StartCommand | undefined;

  constructor(op: Op, target: string, init: ConnectErrorInit) {
    super(`${failure[op]} ${quote(target)}: ${printable(init.problem)}`, { cause: init.cause });
    this.op = op;
    this.target = target;
    this.code = init.code;
    this.problem = init.problem;
    this.hint = init.hint;
    this.otherHint = init.otherHint;
    this.reason = init.reason;
    this.final = init.final ?? op === 'parse';
    this.start = init.start;
  }
}

interface ErrorChanges extends Partial<ConnectErrorInit> {
  readonly op?: Op;
  readonly target?: string;
}

export function errorWith(error: ConnectError, changes: ErrorChanges): ConnectError {
  const { op, target, ...init } = { ...error, cause: error.cause, ...changes };
  return new ConnectError(op, target, init);
}

export function isOp(word: unknown): word is Op {
  return typeof word === 'string' && Object.hasOwn(failure, word);
}

/** The exit codes of all commands, listed in docs/reference/errors.md. */
export const exitCode = {
  ok: 0,
  connect: 1,
  usage: 2,
  noBanner: 3,
  notFound: 4,
  interrupted: 130,
  noLogin: 255,
} as const;

export function exitCodeOf(error: ConnectError): number {
  if (error.op === 'parse') return exitCode.usage;
  return byCode.get(error.code) ?? exitCode.connect;
}

/** Text in double quotes that is safe to print: control characters become \xNN or \u{N}, and of a very long one only the start is shown. */
export function quote(text: string): string {
  return quoteStart(text, maxQuoted);
}

function quoteStart(text: string, most: number): string {
  if (text.length <= most) return `"${printable(text)}"`;
  return `"${printable(text.slice(0, most))}…" (${text.length} characters)`;
}

/** More than the longest path of a socket, and than any name. */
const maxQuoted = 500;

/** Names in quotes, joined; of very many only the first, and the number of the others. */
export function quoteNames(
  names: readonly string[],
  joint: ', ' | ' or ',
  quoted: (name: string) => string = (name) => quoteStart(name, maxOfName),
): string {
  const more = names.length - maxNames;
  const shown = names.slice(0, maxNames).map((name) => quoted(name));
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(joint);
}

const maxNames = 50;
const maxOfName = 100;

/** The text with all control and bidirectional characters escaped, so that a peer cannot control the terminal. */
export function printable(text: string): string {
  if (!/[^ -~]/.test(text)) return text;
  unprintable ??= new RegExp(notPrinted, 'gu');
  return text.replace(unprintable, (c) => {
    const code = c.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

// No literal: V8 checks those when it reads the file, and reads ICU's tables for this one, at each login.
const notPrinted = '[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]';
let unprintable: RegExp | undefined;

const failure: Record<Op, string> = {
  parse: 'cannot understand',
  resolve: 'cannot find',
  connect: 'cannot connect to',
  handshake: 'no SSH server at',
  relay: 'connection lost to',
};

/** The problem in the message of a ConnectError, such as a proxy has printed: what stands before it is said by the error that gets it. */
export function problemIn(message: string): string {
  const [op] = Object.values(failure).filter((each) => message.startsWith(`${each} "`));
  return op === undefined ? message : message.slice(op.length).replace(/^ "[^"]*": /, '');
}

const byCode: ReadonlyMap<string, number> = new Map([
  ['USAGE', exitCode.usage],
  ['NO_PORT', exitCode.usage],
  ['NO_BANNER', exitCode.noBanner],
  ['NOT_FOUND', exitCode.notFound],
  ['AMBIGUOUS', exitCode.notFound],
  ['INTERRUPTED', exitCode.interrupted],
]);
