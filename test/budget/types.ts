/** What systemd-machined has; undefined: it does not run. */
export type Machines = 'one' | 'many';

/** A path of the program whose work is limited. */
export interface Row {
  readonly id: string;
  /** Its stdin and stdout: those of ssh with ProxyUseFdpass and without, or /dev/null. */
  readonly wires: 'socket' | 'pipes' | 'nothing';
  readonly machines?: Machines;
  /** Empty by default; with the Hosts of these machines, and `known` with the host key too. */
  readonly home?: 'empty' | 'installed' | 'known' | 'many';
  /** Processes beside it. */
  readonly processes?: number;
  /** What the same parent runs first. */
  readonly before?: readonly string[];
  readonly args: readonly string[];
}

/** How often each function or system call by its name, or what it takes. */
export type ByName = Readonly<Record<string, number>>;

/** What one run took, without the copy of the image. */
export interface Counted {
  readonly instructions: number;
  /** Of C and C++, by instructions. */
  readonly functions: ByName;
  /** By system call. */
  readonly calls: ByName;
  /** Functions of JavaScript, by the engine's steps: only of the program that counts them. */
  readonly steps: ByName;
}

/** table.json. */
export interface Table {
  /** What compiles the program, what is in it, and what counts, by version. */
  readonly with: Readonly<Record<string, string>>;
  readonly rows: Readonly<Record<string, Limit>>;
}

/** `why`: what it takes more for than before, if its limit was raised. */
export interface Limit {
  readonly instructions: number;
  readonly calls: number;
  readonly why?: string;
}
