import type { StartCommand } from '../errors.js';
import type { Route, RouteName } from '../route.js';
import type { Deps, DiscoveredMachine, Listing, Search } from './provider.js';
import type { MachineFiles } from './tools/machine-files.js';

/** All that vmssh knows of one source of machines of this host; sources.ts lists them, with what has to be known before it is loaded. */
export interface Source<F extends DiscoveredMachine = DiscoveredMachine> {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Milliseconds for its list, if the caller sets no limit and a second is too short. */
  readonly limitMs?: number;
  /** Milliseconds for one query in the search for one machine, if not ten seconds. */
  readonly searchMs?: number;
  /** Its programs, one of which shows that it is installed. */
  readonly programs?: readonly string[];
  /** Its own command that lists its machines, for hints. */
  readonly listCommand?: string;
  readonly hints?: Hints<F>;
  list(deps: Deps): Promise<Listing<F>>;
  /** For a source that knows more names than its list shows; `searchSource` calls it. */
  find?(name: string, deps: Deps): Promise<Search<F>>;
  /** How one that is off is started, or a paused or saved one resumed. */
  start?(machine: F, env: Deps['env']): StartCommand | undefined | Promise<StartCommand | undefined>;
  /** Its routes and what else is known of it, where the list does not have all that a login needs. Throws a ConnectError. */
  resolve?(machine: F, context: ResolveContext): Promise<Partial<Reachable>>;
  /** An address for the list that takes longer to find than the list; undefined if it is not known. */
  addressOf?(machine: DiscoveredMachine, deps: Deps): Promise<string | undefined>;
  /** A machine's files, for its host keys, and the start of programs as its root; undefined if its manager has no way in. `uid`: this user's. */
  files?(machine: ReachedMachine, deps: Deps, uid: number | undefined): MaybeFiles | Promise<MaybeFiles>;
  /** Whether its machines are all a cluster's: these have the authority "other", and the cluster that says so is the one that reads. */
  readonly isCluster?: true;
  /** Whether what its programs print there is not the machine's word. */
  readonly isSilent?: true;
  /** Its IP address, asked for only if that route was chosen; undefined if it is not known. Throws a DiscoveryError. */
  ipOf?(machine: F, deps: Deps): Promise<string | undefined>;
}

/** What is recorded of a machine that was reached. */
export interface ReachedMachine
  extends Pick<DiscoveredMachine, 'provider' | 'name' | 'target' | 'uuid' | 'authority' | 'via'> {
  /** 64 hexadecimal digits. */
  readonly containerId?: string;
  /** The address of its Podman or Docker, if the manager's command does not go there by itself. */
  readonly containerUrl?: string;
}

type MaybeFiles = MachineFiles | undefined;

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
}

/** `limitMs` of a source whose service may have to be started by its socket first. */
export const serviceLimitMs = 5000;

/** A machine that a target means, and what its source knows of it. */
export interface Reachable {
  /** The machine, as its source has it: whose host key it must show. An address has none. */
  readonly machine?: DiscoveredMachine;
  /** How it was found, one clause for each step. */
  readonly steps: readonly string[];
  /** Its routes that are known without asking more, best first. Empty only for one with an IP address that was not chosen. See reach/routes.ts. */
  readonly routes: readonly Route[];
  /** Asks its source for its IP address within `leftMs`. Throws a ConnectError. Undefined: it could not know one. */
  readonly askIp?: (leftMs?: number) => Promise<Route>;
  /** Asks other sources for the same machine: all its routes, as `list` joins them. */
  readonly joined?: () => Promise<readonly Route[]>;
  /** What its manager knows already that may be why it does not answer: it ends again and again. */
  readonly trouble?: Pick<Recheck, 'problem' | 'hint'>;
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
export interface ResolveContext extends Deps {
  /** The target as typed, for error messages. */
  readonly text: string;
  /** The port if the target names none. */
  readonly port: number;
  /** The only routes that may be used, in this order; undefined: those of the source, and no network unasked. */
  readonly routes?: readonly RouteName[];
  readonly platform: NodeJS.Platform;
  readonly exists: (path: string) => boolean;
}
