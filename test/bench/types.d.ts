/** One run of the harness: a mode of harness/main.c, its options, and what is started. */
export interface Job {
  readonly mode: string;
  readonly command: readonly string[];
  readonly root?: string | undefined;
  readonly socket?: string;
  readonly serve?: string;
  readonly bytes?: number;
  readonly count?: number;
  readonly 'at-once'?: number;
}

/** A program that takes part, or the reason why it does not. */
export interface Competitor {
  readonly name: string;
  /** One value, in the figure's unit. */
  readonly measure: () => Promise<number>;
  readonly absent?: string | undefined;
}

export interface Target {
  /** Whose value is held against the peer's. */
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
  /** Undefined where a side is absent. */
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
