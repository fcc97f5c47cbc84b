import type { compileHarness } from './harness.js';
import type { findPrograms, versions } from './peers.js';

/** A program of this machine, or why there is none. */
export interface Found {
  readonly path?: string;
  readonly absent?: string;
}

/** All programs that are measured. */
export type Programs = Awaited<ReturnType<typeof findPrograms>> &
  ReturnType<typeof compileHarness> & {
    readonly versions: ReturnType<typeof versions>;
  };

/** Connects to a socket, given by its name in the folder of sockets; or a process that connects to nothing. */
export interface Contender<Command = (socket: string) => readonly string[]> {
  readonly name: string;
  /** Its root, if it is started by chroot. */
  readonly root?: string;
  readonly absent?: string;
  readonly command: Command;
}

interface Time {
  /** Nanoseconds. */
  readonly ns: number;
}

export interface Leftovers {
  readonly descriptors: number;
  readonly threads: number;
}

/** What each mode of harness/main.c prints, as JSON; `beside` prints what its command does. */
export interface Answers {
  readonly 'banner-fd': Time;
  readonly 'banner-pipes': Time;
  readonly process: Time;
  readonly login: Time;
  readonly 'bulk-up': Time;
  readonly 'bulk-down': Time;
  readonly echo: Time;
  readonly crowd: Time & { readonly failed: number; readonly left: number };
  readonly hold: { readonly pids: readonly number[] };
  readonly beside: { readonly before: Leftovers; readonly after: Leftovers };
  readonly sessions: Sessions;
  readonly stream: { readonly bytes: number };
}

/** The results of sessions, and how much more of each there is than before them. */
export interface Sessions extends Leftovers {
  readonly sessions: number;
  readonly failed: number;
  readonly echoes: number;
  readonly processes: number;
}

/** The modes that measure only a time. */
export type TimedMode = { [M in keyof Answers]: Time extends Answers[M] ? M : never }[keyof Answers];

/** One run of the harness: a mode of harness/main.c, its options, and what is started. */
export interface Job<M extends keyof Answers = keyof Answers> {
  readonly mode: M;
  readonly command: readonly string[];
  readonly root?: string;
  readonly socket?: string;
  readonly serve?: string;
  readonly bytes?: number;
  readonly count?: number;
  readonly 'at-once'?: number;
  /** How long each session is held open. */
  readonly seconds?: number;
  readonly pass?: 'yes' | 'no';
  /** Seconds after which everything is ended; 300 by default. */
  readonly limit?: number;
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that takes part, or the reason why it does not. */
export interface Competitor {
  readonly name: string;
  /** One value, in the figure's unit. */
  readonly measure: () => Promise<number>;
  readonly absent?: string;
}

export interface Target {
  /** Whose value is compared with the peer's. */
  readonly of: string;
  /** The competitor to compare with; absent: the value itself counts. */
  readonly peer?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'less' | 'more';
  readonly runs: number;
  readonly competitors: readonly Competitor[];
  readonly targets: readonly Target[];
}

export interface Entry {
  readonly name: string;
  readonly absent?: string;
  readonly values: readonly number[];
  readonly median?: number;
  readonly min?: number;
  readonly max?: number;
}

export interface Verdict extends Target {
  readonly ratio?: number;
  readonly pairwise?: number;
  readonly value?: number;
  /** Undefined if a side is absent. */
  readonly reached?: boolean;
}

export interface FigureResult extends Omit<Figure, 'competitors' | 'targets'> {
  readonly entries: readonly Entry[];
  readonly verdicts: readonly Verdict[];
}

export interface Result {
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly quick: boolean;
  readonly notes: readonly string[];
  readonly figures: readonly FigureResult[];
  readonly seconds: number;
}
