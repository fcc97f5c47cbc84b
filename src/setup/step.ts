import { ConnectError, printable, quote } from '../base/errors.js';
import type { MachineLogin, MachineRecord } from '../book/state.js';
import type { NoKey } from '../checks/own-keys.js';
import type { CheckResult } from '../checks/result.js';
import { flag, oneOf, parsed, type Read, UsageError } from '../cli/command.js';
import { accountName, readKeys, sharedHomeOption } from '../cli/guest.js';
import { reachFlags } from '../cli/shared-options.js';
import { startProgress } from '../cli/terminal.js';
import { type Entry, execOf } from '../entry/entry.js';
import { type RunOptions, refuseOther, runIn } from '../entry/run.js';
import { type Finding, findingsOf } from '../guest/report.js';
import type { Io } from '../process/io.js';
import { loginTimeoutMs } from '../process/ssh-log.js';
import type { ListedTarget } from '../reach/short-name.js';
import type { VsockDevice, VsockFacts } from '../sources/libvirt/vsock-device.js';
import { shellOf, shellQuoted } from '../typed/shell.js';

/** One thing that setup looks after. What a verb returns is laid over what the steps before it returned. A row that failed ends the run. */
export interface SetupStep {
  /** Says what there is and what would be done. Changes nothing. */
  look?(setup: Setup, plan: LookFacts): Promise<Partial<LookFacts> | undefined>;
  act?(setup: Setup, plan: LookFacts, done: ActFacts): Promise<ActFacts | undefined>;
  /** Takes it back, or only says so. */
  undo?(setup: Setup, facts: UndoFacts, what: 'plan' | 'do'): Promise<Partial<UndoFacts> | undefined>;
}

export interface SetupCaller {
  readonly options: SetupOptions;
  readonly io: Io;
  readonly signal: AbortSignal;
}

interface SetupCall extends SetupCaller {
  /** As typed. */
  readonly name: string;
  /** Why the name is the user's already. */
  readonly claim?: string | undefined;
  /** For an undo: what is kept of a machine that nothing lists any more. */
  readonly gone?: MachineRecord | undefined;
}

export interface Setup extends Rows, SetupCall {
  readonly named: ListedTarget;
  readonly machine: ListedTarget['machine'];
  readonly target: string;
  /** The target as a word for the user's shell. */
  readonly typed: string;
}

/** What logs in at the end, or why there is nothing. */
export interface ChosenKey {
  readonly key: LoginKey | undefined;
  readonly noKey: NoKey | undefined;
}

/** What is known of a login before anybody goes in. */
export interface LoginFacts extends ChosenKey {
  /** What starts the machine; undefined: it may be up. */
  readonly start: string | undefined;
  /** What its Host gets. */
  readonly login: MachineLogin;
  /** The one from before, unless sshd refused it. */
  readonly earlier: MachineLogin | undefined;
  /** What of this host's homes the machine may share: see `homesHere`. */
  readonly hosts: readonly string[];
}

/** What the looks have found, and what is to be done: `wayIn` begins it, and a step adds its own part. */
export interface LookFacts extends LoginFacts {
  /** How its manager goes in, or the account itself. */
  readonly entry: Entry;
  /** The account that goes in by a login of its own. */
  readonly asUser?: string;
  readonly missing?: { readonly device: VsockDevice; readonly facts: VsockFacts };
  /** What its sshd says before anything is done. */
  readonly answer?: CheckResult;
  readonly inside?: InsidePlan;
  /** Nobody goes in: what is wrong, and what to type on its console once it has the device. */
  readonly byHand?: readonly [found: string, fix: string];
  /** The host key is pinned at the end. */
  readonly pins?: boolean;
  /** What to type after `ssh`. */
  readonly host?: string | undefined;
}

/** One of the user's, or of the machine's manager. */
export interface LoginKey {
  /** For rows. */
  readonly about: string;
  /** The line for authorized_keys; undefined: it logs in already. */
  readonly line?: string;
  readonly identityFile?: string | undefined;
  /** The public key's own file. */
  readonly publicFile?: string | undefined;
  /** Whether ssh asks for its passphrase at each login. */
  readonly asks?: boolean | undefined;
}

/** The lines that a key is in authorized_keys. */
export function authorizedLines(key: LoginKey | undefined): readonly string[] {
  return key?.line === undefined ? [] : [key.line];
}

/** What runs in the machine. */
export interface InsidePlan {
  /** What a script that only looks says there; undefined: that is known only after a question of ssh's. */
  readonly said?: readonly Finding[] | undefined;
  readonly scripts: readonly string[];
  /** The host key that a login was shown, and that nobody knows: "ssh-ed25519 AAAA…". */
  readonly contact?: string | undefined;
}

/** What was done. */
export interface ActFacts {
  /** The machine's host keys, as a script in it has read them. */
  readonly hostKeys?: readonly string[];
  /** A script there was run by sudo. */
  readonly bySudo?: true;
  /** The host key that its server has shown. */
  readonly shown?: string;
  /** What to type after `ssh`, once that is written. */
  readonly host?: string | undefined;
  /** The lines for ssh, if they are not written. */
  readonly lines?: string;
}

/** What an undo has found. */
export interface UndoFacts {
  /** What the script in the machine says. */
  readonly said: readonly Finding[];
  /** All keys of the user. */
  readonly own: readonly string[];
  /** How its manager goes in. */
  readonly entry?: Entry;
  readonly login?: MachineLogin | undefined;
}

/** Runs one verb of the steps, in their order, until a row fails or one says that it is over. */
export async function runSteps<T extends object>(
  steps: readonly SetupStep[],
  begin: T,
  run: (step: SetupStep, all: T) => Promise<Partial<T> | undefined> | undefined,
  { isOver }: Rows,
): Promise<T> {
  let all = begin;
  for (const step of steps) {
    all = { ...all, ...(await run(step, all)) };
    if (isOver()) break;
  }
  return all;
}

/** Prints a row. `exec`: the words of the manager that starts programs there. */
export type ShowStep = (step: Finding, exec?: readonly string[]) => void;

export interface Rows {
  readonly steps: readonly Finding[];
  add(step: string, state: Finding['state'], text: string, fix?: string): undefined;
  addGuests(row: Finding, entry: Entry): void;
  /** Nothing is left to be looked at. */
  end(): undefined;
  isFailed(): boolean;
  /** Whether the run has failed, or a step has ended it. */
  isOver(): boolean;
}

export function collector(show: ShowStep): Rows {
  const steps: Finding[] = [];
  let isEnded = false;
  const isFailed = () => steps.some(({ state }) => state === 'failed');
  return {
    steps,
    add(name, state, text, fix) {
      const step = { name, state, found: text, fix };
      steps.push(step);
      show(step);
    },
    addGuests(row, entry) {
      steps.push(row);
      show(row, execOf(entry));
    },
    end() {
      isEnded = true;
    },
    isFailed,
    isOver: () => isEnded || isFailed(),
  };
}

export function newSetup(named: ListedTarget, call: SetupCall, show: ShowStep): Setup {
  const { text: target, machine } = named;
  const typed = shellQuoted(target, shellOf(call.io));
  return { named, machine, target, typed, ...call, ...collector(show) };
}

/** A script that waits for something there is ended, and sooner one that only looks and says nothing. Milliseconds. */
const [limitMs, firstMs] = [300_000, 30_000];

export interface InsideOptions extends Partial<RunOptions> {
  /** The script only looks. */
  readonly looks?: boolean;
}

/** Runs a script by its manager, as root, or by a login. Throws a ConnectError if it did not end there. */
export async function runInside(
  entry: Entry,
  script: string,
  { io, signal }: Setup,
  { looks, ...options }: InsideOptions = {},
): Promise<readonly Finding[]> {
  const asks = entry.by === 'exec' && entry.asks;
  const { onComplaint = asks ? (line: string) => io.err(`${printable(line)}\n`) : undefined } = options;
  // ssh or sudo may ask where it would be drawn, and be answered late.
  const progress = onComplaint ? undefined : await startProgress(io, `waiting for ${printable(entry.host)}`);
  const limits = { limitMs, firstMs: looks && !onComplaint ? firstMs : undefined };
  const run = { io, signal, as: 'root', ...options, onComplaint, ...limits } as const;
  const { lines } = await runIn(entry, script, run).finally(() => progress?.stop());
  refuseOther(entry, lines);
  return findingsOf(lines);
}

export const toSetUp = {
  user: parsed(
    {
      long: 'user',
      short: 'l',
      value: 'NAME',
      summary: 'the account (default: the one that its manager made, else the first ordinary one, else root)',
    },
    accountName,
  ),
  by: oneOf({
    long: 'by',
    value: 'WAY',
    choices: ['exec', 'login'],
    summary:
      "how to get in: exec, the machine's own manager, or login, for which ssh may ask you (default: login if no manager goes in)",
  }),
  hostKey: parsed(
    {
      long: 'host-key',
      value: 'SHA256:...',
      summary: "for a first login: the machine's host key, as ssh-keygen -lf shows it on its console",
    },
    (text) => {
      if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return text;
      throw new UsageError(`--host-key takes a fingerprint, SHA256:..., not ${quote(text)}`);
    },
  ),
  key: parsed(
    {
      long: 'key',
      value: 'FILE',
      summary: 'your public key (default: the first of those that ssh would try)',
    },
    (file) => {
      readKeys(file);
      return file;
    },
  ),
  noConfig: flag({
    long: 'no-config',
    summary: "print the lines for ssh's configuration in place of writing them",
  }),
  install: flag({
    long: 'install-sshd',
    summary: "install an sshd by the machine's own package manager, over its own network, if it has none",
  }),
  bring: flag({
    long: 'bring-sshd',
    summary:
      'if a container has no sshd, ssh NAME brings one for each login; no key is needed (package vmssh-sshd)',
  }),
  takeName: flag({
    long: 'take-name',
    summary: 'the name means this machine from now on, though it is in known_hosts or in a Host of yours',
  }),
  restart: flag({
    long: 'restart',
    summary: 'shut the machine down and start it, if its vsock device comes only so',
  }),
  vsock: flag({
    long: 'vsock',
    summary: 'fail if its vsock device cannot be had, also where an sshd answers by another route',
  }),
  all: flag({
    long: 'all',
    summary: 'with --undo: also what was set up in the machine for the keys of others',
  }),
  sharedHome: sharedHomeOption,
  unproved: flag({ long: 'unproved', summary: 'go on if a guest agent cannot say which machine it is in' }),
};

export type SetupOptions = Read<typeof toSetUp>;

export function isChanged(said: readonly Finding[], step: string): boolean {
  return said.some(({ name, state }) => name === step && state === 'changed');
}

export async function checkUntil(
  until: 'banner' | 'authentication',
  user: string | undefined,
  { target, io, signal }: Setup,
) {
  const flags = { ...reachFlags(), until, user, port: undefined };
  // A machine that was just set up may answer as late as its login.
  const patient = until === 'authentication' ? { ...flags, timeoutMs: loginTimeoutMs } : flags;
  const { checkTarget } = await import('../checks/check-target.js');
  return checkTarget(target, patient, io, signal);
}

/** Anything else is thrown. */
export function asFailure(error: unknown): ConnectError {
  if (error instanceof ConnectError && error.code !== 'INTERRUPTED') return error;
  throw error;
}
