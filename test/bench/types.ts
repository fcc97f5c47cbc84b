import type { compileHarness } from './harness.js';
import type { findPrograms, versions } from './programs.js';

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

/** Connects to the socket, or is a process that connects to nothing. */
export interface Contender {
  readonly name: string;
  /** Its root, if it is started by chroot. */
  readonly root?: string | undefined;
  readonly absent?: string | undefined;
  readonly command: readonly string[];
}

interface Time {
  /** Nanoseconds. */
  readonly ns: number;
}

/** What each mode of harness/main.c prints, as JSON. */
export interface Answers {
  readonly 'banner-fd': Time;
  readonly 'banner-pipes': Time;
  readonly process: Time;
  readonly login: Time;
  readonly 'bulk-up': Time;
  readonly 'bulk-down': Time;
  readonly echo: Time;
  readonly crowd: Time & { readonly failed: number; readonly left: number };
  readonly sessions: Sessions;
  readonly stream: { readonly bytes: number };
}

/** The results of sessions, and how much more of each there is than before them. */
interface Sessions {
  readonly descriptors: number;
  readonly threads: number;
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
  readonly root?: string | undefined;
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
interface Competitor {
  readonly name: string;
  /** One value, in the figure's unit. */
  readonly measure: () => Promise<number>;
  readonly absent?: string | undefined;
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

/** `value`: the ratio to the peer, or our own; undefined if a side is absent. */
export interface Verdict extends Target {
  readonly value?: number;
  readonly reached?: boolean;
}

export interface FigureResult extends Omit<Figure, 'competitors' | 'targets'> {
  readonly entries: readonly Entry[];
  readonly verdicts: readonly Verdict[];
}

export interface Result {
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  /** The values of the run that was kept last. */
  readonly baseline: Readonly<Record<string, number | undefined>>;
  readonly notes: readonly string[];
  readonly figures: readonly FigureResult[];
}
