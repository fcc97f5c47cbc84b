import type { StartCommand } from '../base/errors.js';
import type { Env } from '../base/runtime.js';
import type { ProgramOutput } from '../process/run-program.js';
import type { Route, RouteName } from '../typed/route.js';
import type { SocketContext } from '../typed/socket-target.js';
import type { Authority } from './trusted-path.js';

/** All that vmssh knows of one source of machines of this host; sources.ts lists them, with what has to be known before it is loaded. */
export interface Source<F extends DiscoveredMachine = DiscoveredMachine> {
  readonly name: string;
  readonly title: string;
  /** Milliseconds for its list, if the caller sets no limit and a second is too short. */
  readonly limitMs?: number;
  /** Milliseconds for one query in the search for one machine, if not ten seconds. */
  readonly searchMs?: number;
  /** The source's programs, one of which shows that it is installed. */
  readonly programs?: readonly string[];
  /** The source's own command that lists its machines, for hints. */
  readonly listCommand?: string;
  readonly hints?: Hints<F>;
  list(deps: Deps): Promise<Listing<F>>;
  /** For a source that knows more names than its list shows; `searchSource` calls it. */
  find?(name: string, deps: Deps): Promise<Search<F>>;
  /** Whether its list has only what `wanted` may mean, if that is given: the whole one is slow. "warnings": all machines, but only such warnings. */
  readonly listsWanted?: true | 'warnings';
  /** How one that is off is started, or a paused or saved one resumed. */
  start?(machine: F, env: Deps['env']): StartCommand | undefined | Promise<StartCommand | undefined>;
  /** A machine's routes and what else is known of it, where the list does not have all that a login needs. Throws a ConnectError. */
  resolve?(machine: F, context: ResolveContext): Promise<Partial<Reachable>>;
  /** An address for the list that takes longer to find than the list; undefined if it is not known. */
  addressOf?(machine: DiscoveredMachine, deps: Deps): Promise<string | undefined>;
  /** A machine's files, for its host keys, and the start of programs as its root; undefined if its manager has no way in. `uid`: this user's. */
  files?(
    ...of: [machine: ReachedMachine, deps: Deps, uid: number | undefined]
  ): MachineFiles | undefined | Promise<MachineFiles | undefined>;
  /** Whether its machines are all a cluster's: these have the authority "other", and the cluster that says so is the one that reads. */
  readonly isCluster?: true;
  /** Whether what its programs print there is not the machine's word. */
  readonly isSilent?: true;
  /** A machine's IP address, asked for only if that route was chosen; undefined if it is not known. Throws a DiscoveryError. */
  ipOf?(machine: F, deps: Deps): Promise<string | undefined>;
}

export interface ReachedMachine extends KnownMachine {
  /** 64 hexadecimal digits. */
  readonly containerId?: string;
  /** The address of its Podman's or Docker's service; undefined: it was listed by the command. */
  readonly containerUrl?: string;
}

export function reachedMachine(machine: DiscoveredMachine): ReachedMachine {
  const { provider, name, target, uuid, authority, via, container, hostKeys } = machine;
  const own = { provider, name, target, uuid, authority, via, hostKeys };
  return { ...own, containerId: container?.id, containerUrl: container?.url };
}

/** How a manager reads the files of one of its machines. What it gives is what the machine's root wants it to be. */
export interface MachineFiles {
  /** The texts of the files that are there; not the rest once `isEnough` holds. Throws a DiscoveryError, or a system error. */
  read(paths: readonly string[], isEnough?: IsEnough): Promise<readonly string[]>;
  /** How it starts programs there; undefined: it starts none. */
  readonly asRoot?: RootExec | undefined;
}

/** How a manager goes into a machine as its root: by words in front of a program, or an agent there runs a script. */
export type RootExec =
  | { readonly by: 'exec'; readonly command: readonly string[] }
  | { readonly by: 'agent'; readonly run: ScriptRunner };

export function execAsRoot(command: readonly string[] | undefined): RootExec | undefined {
  return command && { by: 'exec', command };
}

/** Runs a shell script in a machine as its root. Rejects with a DiscoveryError if it did not end there. */
export type ScriptRunner = (
  script: string,
  limits: { readonly signal?: AbortSignal; readonly limitMs?: number },
) => Promise<ProgramOutput>;

export type IsEnough = (texts: readonly string[]) => boolean;

/** The fixes for what goes wrong in a search. Those that are missing are made of `listCommand`. */
export interface Hints<F = DiscoveredMachine> {
  readonly unknown?: string;
  readonly ambiguous?: string;
  /** The source did not answer. */
  readonly unavailable?: string;
  /** A machine that is up and has no route. */
  address?(machine: F): string;
  /** A machine of this name, whose login key only root can read. */
  key?(name: string): string;
  /** A machine whose IP address is not known. */
  readonly ip?: string;
  /** A machine that vmssh cannot start. */
  readonly start?: string;
}

/** `limitMs` of a source whose service may have to be started by its socket first. */
export const serviceLimitMs = 5000;

/** A machine that a target means, and what its source knows of it. */
export interface Reachable {
  /** The machine, as its source has it: whose host key it must show. An address has none. */
  readonly machine?: DiscoveredMachine;
  /** How it was found, one clause for each step. */
  readonly steps: readonly string[];
  /** The routes that are known without asking more, best first. Empty only for one with an IP address that was not chosen. See reach/routes.ts. */
  readonly routes: readonly Route[];
  /** Asks its source for its IP address within `leftMs`. Throws a ConnectError. Undefined: it could not know one. */
  readonly askIp?: (leftMs?: number) => Promise<Route>;
  /** Asks other sources for the same machine: all its routes, as `list` joins them. */
  readonly joined?: () => Promise<readonly Route[]>;
  /** What its manager knows already that may be why it does not answer: it ends again and again. */
  readonly trouble?: Recheck;
  /** Called once if the machine is not there: why it is not, if its manager knows. */
  readonly recheck?: () => Promise<Recheck | undefined>;
}

/** Why a machine cannot be reached, and the fix. */
export interface Recheck {
  readonly problem: string;
  readonly hint: string;
  readonly start?: StartCommand;
}

/** What a search for the machine of a target gets. */
export interface ResolveContext extends Omit<Deps, keyof SocketContext>, SocketContext {
  /** The target as typed, for error messages. */
  readonly text: string;
  /** The only routes that may be used, in this order; undefined: those of the source, and no network unasked. */
  readonly routes?: readonly RouteName[];
}

/** What every source gets; effects of only one source are default parameters of its functions. */
export interface Deps {
  readonly env: Env;
  readonly signal?: AbortSignal;
  /** The time for one query to one service. */
  readonly timeoutMs?: number;
  /** The name or id that the list is searched for: what takes a question for each machine is then left out of the others. */
  readonly wanted?: string;
  /** The folder of the system services' sockets, "/run". */
  readonly runDir?: string;
  /** The proc file system, "/proc". */
  readonly procDir?: string;
  /** The folder of this host's accounts, "/etc". */
  readonly etcDir?: string;
  /** This system, process.platform. */
  readonly platform?: NodeJS.Platform;
  /** Whether there is a file; by default the file system says so. */
  readonly exists?: (path: string) => boolean;
  /** Data that several sources of one listing share, kept by the first that reads it: the processes by program, this host's addresses. */
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
  /** The program's name as the kernel has it, whatever its command line begins with; undefined if that cannot be seen. */
  readonly program?: string;
  /** Whether its command line has more than `argv`. */
  readonly isCut?: boolean;
  /** Whether it has one thread. */
  readonly isSingle?: boolean;
}

export interface Warnings {
  /** What could not be asked: the list may be incomplete. */
  readonly warnings: readonly Warning[];
}

export interface Listing<F extends DiscoveredMachine = DiscoveredMachine> extends Warnings {
  readonly found: readonly F[];
}

export const nothing: Listing<never> = { found: [], warnings: [] };

/** In place of a list: why there is none. */
export function warned(provider: string, code: string, problem: string): Listing<never> {
  return { found: [], warnings: [{ provider, code, problem }] };
}

export function joinListings<F extends DiscoveredMachine>(lists: readonly Listing<F>[]): Listing<F> {
  return { found: lists.flatMap(({ found }) => found), warnings: lists.flatMap(({ warnings }) => warnings) };
}

/** What tells a machine from others. */
export interface MachineIdentity {
  /** In the 8-4-4-4-12 form. */
  readonly uuid?: string;
  /** Only machines of the same are joined, and one of others has no short name. */
  readonly authority?: Authority;
}

export interface MachineState {
  readonly name: string;
  readonly status: Status;
}

interface KnownMachine extends MachineIdentity {
  readonly name: string;
  /** What to type after `ssh`: "machine/mint". */
  readonly target: string;
  readonly provider: string;
  /** The host keys that a source of the user says, "ssh-ed25519 AAAA…" each, if they were checked: `Source.resolve` does. */
  readonly hostKeys?: readonly string[];
  /** The hypervisor that has it, as ssh reaches that; undefined: this host. */
  readonly via?: string;
}

export interface DiscoveredMachine extends KnownMachine, MachineState {
  /** What else it is called where it has no other machine's name: Proxmox's number, the name of its disk. */
  readonly ids?: readonly string[];
  /** The part of its manager that has it, where two parts may have one name each: libvirt's "session", a project of Incus. */
  readonly part?: string;
  readonly cid?: number;
  /** The machine's process, which shows that the entries of two sources are the same machine. */
  readonly pid?: number;
  /** The routes that the source knows, best first. */
  readonly routes?: readonly Route[];
  /** The login user that its manager made. */
  readonly user?: string;
  /** The path of the private key that its manager made for the login. */
  readonly identityFile?: string;
  /** Of a source of the user: the words in front of a program that runs in it as its root. */
  readonly exec?: readonly string[];
  /** Of a source of the user: what the machine's firmware tells its system; `uuid` is made of the source's id. */
  readonly dmiUuid?: string;
  readonly container?: ContainerFacts;
}

/** A container of Podman or Docker. */
export interface ContainerFacts {
  /** 64 hexadecimal digits; the first 32 are its `uuid`. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The address of the service that listed it, "unix:///run/user/1000/docker.sock"; undefined: its command did. */
  readonly url?: string;
  /** What its manager says of restarts, for messages. */
  readonly restarts?: string;
  /** The container's own name, if it is called as the folder that it is for. */
  readonly ownName?: string;
}

/** "unknown" if the source sees traces of a machine that may be gone. */
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
export function mayBeUp({ status }: { readonly status: Status }): boolean {
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

/** Whether a source could not be asked; otherwise the warning is about single machines, and the others are all listed. */
export function isFailure({ code }: { readonly code: string }): boolean {
  return !ofMachines.has(code);
}

/** The code for a manager whose socket this user may not open. */
export const closed = 'CLOSED';

/** The code for what is left out of a list that another program printed: machines, which a search may mean, or warnings. */
export const leftOutCode = 'LEFT_OUT';

const ofMachines: ReadonlySet<string> = new Set([
  ...['ADDRESS_TWICE', 'TOO_LONG', 'TWICE', 'FOREIGN', 'LINK', 'INCOMPLETE', 'NOT_LISTED', 'TOO_MANY'],
]);

/** Whether a source, or `machine` of it, is there and did not answer in time: the source may have any name. */
export function isSilence({ code }: Warning): boolean {
  return ['TIMEOUT', 'ETIMEDOUT', 'EAGAIN', 'ECONNRESET'].includes(code);
}

/** The result of a search for a machine by name. `warnings`: what else could not be asked. */
export type Search<M = DiscoveredMachine> = { readonly warnings: readonly Warning[] } & (
  | { readonly outcome: 'found'; readonly machine: M }
  /** `means`: what to type for each. */
  | { readonly outcome: 'ambiguous'; readonly means: readonly string[] }
  | {
      readonly outcome: 'unknown';
      readonly known: readonly string[];
      /** The clause and the fix, if the source knows better ones. */
      readonly missing?: string;
      readonly hint?: string;
    }
  /** No source answered. */
  | {
      readonly outcome: 'unavailable';
      readonly code: string;
      readonly problem: string;
      readonly hint?: string;
      readonly final?: boolean;
      readonly cause?: unknown;
    }
);

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

/** Gets what was left out of a list. */
export type Warn = (error: DiscoveryError) => void;

/** The problem in a warning, which has the source's name in front: not twice, if the source's program has the same name. */
export function problemOf(provider: string, message: string): string {
  const own = `${provider}: `;
  return message.startsWith(own) ? message.slice(own.length) : message;
}
