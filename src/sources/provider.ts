import type { Route } from '../route.js';
import type { Env } from '../runtime.js';
import type { Authority } from './tools/scope.js';

/** What every source gets; effects of only one source are default parameters of its functions. */
export interface Deps {
  readonly env: Env;
  readonly signal?: AbortSignal;
  /** For one query to one service. */
  readonly timeoutMs?: number;
  /** The name or id that the list is searched for: what takes a question for each machine is then left out of the others. */
  readonly wanted?: string;
  /** The folder of the system services' sockets, "/run". */
  readonly runDir?: string;
  /** The proc file system, "/proc". */
  readonly procDir?: string;
  /** This system, process.platform. */
  readonly platform?: NodeJS.Platform;
  /** Whether there is a file; by default the file system says so. */
  readonly exists?: (path: string) => boolean;
  /** The folder of this host's accounts, "/etc". */
  readonly etcDir?: string;
  /** Data that several providers of one listing share, kept by the first that reads it: the processes by program, this host's addresses. */
  readonly memo?: { processes?: Promise<Processes>; ownAddresses?: Promise<readonly string[]> };
}

export interface Process {
  readonly pid: number;
  readonly uid: number;
  readonly argv: readonly string[];
  readonly authority?: Authority;
}

/** The processes of a listing, by the start of their command lines. */
export interface Processes {
  readonly byName: ReadonlyMap<string, readonly StartedProcess[]>;
  /** How many more there are. */
  readonly unread: number;
}

export interface StartedProcess extends Process {
  /** Its program's name as the kernel has it, whatever its command line begins with; undefined if that cannot be seen. */
  readonly program?: string;
  /** Its command line has more than `argv`. */
  readonly isCut?: boolean;
}

export interface Listing<F extends DiscoveredMachine = DiscoveredMachine> {
  readonly found: readonly F[];
  /** What could not be asked: the list may be incomplete. */
  readonly warnings: readonly Warning[];
}

/** A list without machines. */
export const nothing: Listing<never> = { found: [], warnings: [] };

/** Several lists as one. */
export function joinListings<F extends DiscoveredMachine>(lists: readonly Listing<F>[]): Listing<F> {
  return { found: lists.flatMap(({ found }) => found), warnings: lists.flatMap(({ warnings }) => warnings) };
}

/** In place of a list: the warning of the DiscoveryError that it rejected with. Throws any other error. */
export function warningFor(provider: string, error: unknown): Listing<never> {
  if (!(error instanceof DiscoveryError)) throw error;
  return { found: [], warnings: [{ provider, code: error.code, problem: error.message }] };
}

/** A machine that a provider lists. */
export interface DiscoveredMachine {
  readonly name: string;
  /** What to type after `ssh`: "machine/mint". */
  readonly target: string;
  readonly status: Status;
  readonly provider: string;
  readonly cid?: number;
  /** In the 8-4-4-4-12 form. */
  readonly uuid?: string;
  /** The machine's process, which shows that the entries of two providers are the same machine. */
  readonly pid?: number;
  /** Its routes that the provider knows, best first. */
  readonly routes?: readonly Route[];
  /** The login user that its manager made. */
  readonly user?: string;
  /** The path of the private key that its manager made for the login. */
  readonly identityFile?: string;
  /** The socket of an ssh-agent that its manager runs for such keys. */
  readonly identityAgent?: string;
  /** What the manager of a container knows of it besides. */
  readonly container?: ContainerFacts;
  /** Only machines of the same are joined, and one of others has no short name. */
  readonly authority?: Authority;
  /** The hypervisor that has it, as ssh reaches that; undefined: this host. */
  readonly via?: string;
}

/** A container of Podman or Docker. */
export interface ContainerFacts {
  /** 64 hexadecimal digits; the first 32 are its `uuid`. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its manager's address, "unix:///run/user/1000/docker.sock", if the manager's command does not go there by itself. */
  readonly url?: string;
  /** What its manager says of restarts, for messages. */
  readonly restarts?: string;
  /** Its own name, if it is called as the folder that it is for. */
  readonly ownName?: string;
}

/** Its CID in this host's kernel, if it has one: a multiplexer has machines of its own, whatever their CIDs. */
export function vhostCid({
  cid,
  routes = [],
}: Pick<DiscoveredMachine, 'cid' | 'routes'>): number | undefined {
  return routes.some(({ name }) => name === 'vsock-mux') ? undefined : cid;
}

/** "unknown" if the provider sees traces of a machine that may be gone. */
export type Status = (typeof statuses)[number];

export const statuses = ['running', 'starting', 'stopping', 'paused', 'saved', 'off', 'unknown'] as const;

/** Reads the words, or numbers, that a manager has for its machines' states; any other is "unknown". */
export function statusReader(
  words: Partial<Record<Status, readonly (string | number)[]>>,
): (word: unknown) => Status {
  const known = new Map<unknown, Status>(
    statuses.flatMap((status) => (words[status] ?? []).map((word) => [word, status] as const)),
  );
  return (word) => known.get(word) ?? 'unknown';
}

/** Whether a machine may answer, as far as its source knows. */
export function mayBeUp({ status }: Pick<DiscoveredMachine, 'status'>): boolean {
  return status === 'running' || status === 'starting' || status === 'unknown';
}

export interface Warning {
  readonly provider: string;
  /** An errno's name, a service's error name, or one of docs/reference/list-schema.md. */
  readonly code: string;
  readonly problem: string;
  /** The only machine that it is about, if its name is known: it is not listed, and all others are. */
  readonly machine?: string;
}

/** Whether a provider could not be asked; otherwise the warning is about single machines, and the others are all listed. */
export function isFailure({ code }: Pick<Warning, 'code'>): boolean {
  return !ofMachines.has(code);
}

/** Whether a command says this of a provider only if it was named: its machines are not this user's, and nothing is wrong. */
export function isQuiet({ provider, code }: Warning, named: readonly string[] = []): boolean {
  return code === closed && !named.includes(provider);
}

/** The code for a manager whose socket this user may not open. */
export const closed = 'CLOSED';

/** The code for what is left out of a list that another program printed: machines, which a search may mean, or warnings. */
export const leftOutCode = 'LEFT_OUT';

const ofMachines: ReadonlySet<string> = new Set([
  'ADDRESS_TWICE',
  'TOO_LONG',
  'TWICE',
  'FOREIGN',
  'LINK',
  'INCOMPLETE',
  'TOO_MANY',
]);

/** Whether a provider, or `machine` of it, is there and did not answer in time: the provider may have any name. */
export function isSilence({ code }: Pick<Warning, 'code'>): boolean {
  return ['TIMEOUT', 'ETIMEDOUT', 'EAGAIN', 'ECONNRESET'].includes(code);
}

/** The result of a search for a machine by name. `warnings`: what else could not be asked. */
export type Search<M = DiscoveredMachine, W = Warning> =
  | { readonly outcome: 'found'; readonly machine: M; readonly warnings: readonly W[] }
  /** `means`: what to type for each. */
  | { readonly outcome: 'ambiguous'; readonly means: readonly string[]; readonly warnings: readonly W[] }
  | {
      readonly outcome: 'unknown';
      readonly known: readonly string[];
      /** The paths that were checked, best first. */
      readonly tried?: readonly string[];
      /** The clause and the fix, if the source knows better ones. */
      readonly missing?: string;
      readonly hint?: string;
      readonly warnings: readonly W[];
    }
  /** No machine can have such a name; no provider was asked. */
  | { readonly outcome: 'refused'; readonly problem: string }
  /** No provider answered. */
  | {
      readonly outcome: 'unavailable';
      readonly code: string;
      readonly problem: string;
      readonly hint?: string;
      /** Whether to ask again later cannot help. */
      readonly final?: boolean;
      readonly warnings: readonly W[];
      readonly cause?: unknown;
    };

/** Why a source of machines gave no answer; the message is one clause without a full stop. */
export class DiscoveryError extends Error {
  override readonly name = 'DiscoveryError';
  /** An errno's name, FAILED, PROTOCOL or TIMEOUT. */
  readonly code: string;
  /** The fix, if the error knows more of it than its code. */
  readonly hint: string | undefined;
  /** Whether what was asked for is not there, or not any more. */
  readonly isGone: boolean;
  /** Whether to ask again later cannot help. */
  readonly final: boolean;

  constructor(
    code: string,
    problem: string,
    options?: ErrorOptions & Partial<Pick<DiscoveryError, 'hint' | 'isGone' | 'final'>>,
  ) {
    super(problem, options);
    this.code = code;
    this.hint = options?.hint;
    this.isGone = options?.isGone === true;
    this.final = options?.final === true;
  }
}

/** The problem in a warning, which has the provider's name in front: not twice, if the provider's program has the same name. */
export function problemOf(provider: string, message: string): string {
  const own = `${provider}: `;
  return message.startsWith(own) ? message.slice(own.length) : message;
}
