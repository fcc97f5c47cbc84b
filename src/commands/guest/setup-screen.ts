import { pasteable } from '../../cli/failure.js';
import { fixHere, formatProgress } from '../../cli/guest.js';
import type { FindingJson } from '../../cli/json.js';
import { type FormatRows, type Mark, type Row, rowFormatter } from '../../cli/rows.js';
import type { ProgressLine } from '../../guest/run/run-script.js';
import type { Io } from '../../process/io.js';
import { type Env, tilde } from '../../runtime.js';
import type { ShowStep } from './setup-step.js';
import type { SetupPlan, SetupSteps } from './setup-steps.js';

interface ScreenOptions {
  /** The words that were typed for machines. */
  readonly names: readonly string[];
  readonly undo: boolean;
  /** Every row, as it is found. */
  readonly verbose: boolean;
}

/** What `setup` shows, in the order in which it does things. */
export interface SetupScreen {
  readonly show: ShowStep;
  /** Before a machine is looked at, and before something is done in it. */
  begin(name: string): void;
  /** All plans are made, and can be carried out. `isReady`: nothing would change. */
  planned(plans: readonly SetupPlan[], isReady: boolean): void;
  /** All plans are made, and one has failed. */
  refused(): void;
  /** The plans were all that was wanted. */
  dryRun(isReady: boolean): void;
  done(all: readonly SetupSteps[], isReady: boolean): void;
}

/** With --json nothing is shown but the answer at the end. */
export const silentScreen: SetupScreen = {
  ...{ show() {}, begin() {}, planned() {}, refused() {}, dryRun() {}, done() {} },
};

/** First the plan, of what will change alone; then what was done, as it is done; then what to type. With -v: every row, and no more. */
export async function setupScreen({ names, undo, verbose }: ScreenOptions, io: Io): Promise<SetupScreen> {
  const format = await rowFormatter(io);
  const say = (text: string) => io.out(format([{ text: pasteable(text, io) }]));
  const { env } = io;
  const planMark = undo ? 'remove' : 'add';
  const ofMachine = ({ name = '', text = '', ...row }: Row): Row => {
    const about = name.trim() === labels.way ? '' : `${name.trim()}: `;
    return { ...row, name: machine, text: about + text };
  };
  const failed: Row[] = [];
  let [machine, gap] = ['', ''];
  let isPlanned = false;
  return {
    show(step, exec) {
      if (verbose) return io.out(wholeRow(step, exec, format));
      const rows = rowsOf([forPeople(step, exec)], 'ok', env);
      if (isPlanned) io.out(format(names.length > 1 ? rows.map(ofMachine) : rows));
      else if (step.state === 'failed') failed.push(...rows.map(ofMachine));
    },
    begin(name) {
      machine = name;
      if (verbose) io.out(gap + format([{ name }]));
      gap = '';
    },
    planned(plans, isReady) {
      isPlanned = true;
      gap = '\n';
      if (isReady || verbose) return;
      for (const plan of plans)
        io.out(format([{ name: headingOf(plan, undo) }]) + format(rowsOf(plan.steps, planMark, env), 2));
      if (!undo) say('  Details: -v     To take it back: --undo');
    },
    refused() {
      io.out(verbose ? '\n' : format(failed));
      say(`Nothing was changed${names.length > 1 ? ': leave out what failed' : ''}`);
    },
    dryRun(isReady) {
      if (isReady && !verbose) io.out(format([{ mark: 'ok', text: 'Nothing to change' }]));
      else if (!verbose) say('Dry run: nothing was changed. To do it: leave out --dry-run');
    },
    done(all, isReady) {
      const hosts = all.flatMap(({ host }) => host ?? []);
      const isDone = all.every(({ steps }) => steps.every(({ state }) => state !== 'failed'));
      if (verbose || !isDone || undo || hosts.length === 0) return;
      if (!isReady) {
        io.out('\n');
        return say(`Ready: ${hosts.map((host) => `ssh ${host}`).join('   ')}`);
      }
      const text = (host: string, user = 'the user of the machine') =>
        `${host} is set up: ssh ${host} logs in as ${user}. Nothing to change`;
      io.out(format(all.map(({ host, name, user }) => ({ mark: 'ok', text: text(host ?? name, user) }))));
    },
  };
}

/** A step as it is, and below it what to do. */
function wholeRow(step: FindingJson, exec: readonly string[] | undefined, format: FormatRows): string {
  const { name, state, found, fix, hint, by } = step;
  const line = (said: ProgressLine['state'], message: string) =>
    formatProgress({ state: said, step: name, message }, format, exec);
  const fixed = fix && (by ? line('fix', fix) : format([{ fix }], 2));
  return [line(state, found), fixed, hint && line('hint', hint)].join('');
}

function headingOf({ name, host, setup, found }: SetupPlan, undo: boolean): string {
  if (undo) return `Undo the setup of ${name}`;
  const user = found.login?.user;
  const about = [setup.machine?.provider, user && `login as ${user}`].filter(Boolean).join(', ');
  return `Set up ${host === undefined ? name : `ssh ${host}`}${about && `  (${about})`}`;
}

/** What a person calls the steps. */
const labels: Readonly<Record<string, string>> = {
  key: 'your key',
  'host-key': 'host key',
  'host-keys': 'host keys',
  config: 'ssh entry',
  login: 'log in',
  way: 'route',
};

/** A person compares a fingerprint only where nobody confirms the key. The paths of `config`, and of a key file, are this host's. */
const lessOf: Readonly<Record<string, (found: string, env: Env) => string>> = {
  key: (found, env) =>
    found
      .replace(/ \(SHA256:[A-Za-z0-9+/]{43}\)$/, '')
      .replace(/^the key goes into (.+ of \S+): (.*)/, (_, where, file) => `${tilde(file, env)} → ${where}`)
      .replace(/^\d+ put into /, 'added to '),
  'host-key': (found) =>
    found
      .replace(/^\S+ SHA256:\S+ is pinned, as its manager/, 'saved, as its manager')
      .replace('it in the machine, and it is pinned', 'it in the machine, and it is saved here'),
  config: (found, env) =>
    found.replace(/^Host (\S+): .*; in (.*)/, (_, host, files: string) => {
      const paths = files.split(', ').map((file) => tilde(file, env));
      return `${host} in ${paths.join(', ')}`;
    }),
};

/** Those that matter to a person: what is changed, what failed, what was left out. */
function rowsOf(steps: readonly FindingJson[], changed: Mark, env: Env): readonly Row[] {
  const marks: Partial<Record<FindingJson['state'], Mark>> = { changed, failed: 'wrong', skipped: 'look' };
  return steps.flatMap(({ name, state, found, fix }) => {
    const mark = marks[state];
    return mark === undefined
      ? []
      : [{ mark, name: (labels[name] ?? name).padEnd(9), text: lessOf[name]?.(found, env) ?? found, fix }];
  });
}

/** A fix in a machine as a command of this host; a hint or a fix that cannot be pasted is a part of the text. */
function forPeople(step: FindingJson, exec: readonly string[] | undefined): FindingJson {
  const { fix, hint, found, by, name, state } = step;
  const said = [found, hint && `(the machine says: ${hint})`].filter(Boolean).join(' ');
  if (fix === undefined || by === undefined) return { name, state, found: said, fix };
  const here = fixHere(fix, exec);
  return { name, state, found: here ? said : `${said} (the machine says: ${fix})`, fix: here };
}
