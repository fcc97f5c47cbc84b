import { pasteable } from '../../cli/failure.js';
import { formatProgress } from '../../cli/guest.js';
import type { FindingJson } from '../../cli/json.js';
import { type Mark, type Row, rowFormatter } from '../../cli/rows.js';
import { styles } from '../../cli/terminal.js';
import { printable } from '../../errors.js';
import type { Io } from '../../process/io.js';
import { shellLine } from '../../typed/shell.js';
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

export async function setupScreen(options: ScreenOptions, io: Io): Promise<SetupScreen> {
  return (options.verbose ? wholeScreen : shortScreen)(options, io);
}

async function wholeScreen({ names }: ScreenOptions, io: Io): Promise<SetupScreen> {
  const style = await styles(io, 'stdout');
  let gap = '';
  return {
    ...silentScreen,
    show({ name: step, state, found, fix, hint, by }, exec) {
      io.out(formatProgress({ state, step, message: found }, style));
      if (fix && by) io.out(formatProgress({ state: 'fix', step, message: fix }, style, exec));
      else if (fix) io.out(`    ${style.dim('fix:')} ${printable(pasteable(fix, io))}\n`);
      if (hint) io.out(formatProgress({ state: 'hint', step, message: hint }, style));
    },
    begin(name) {
      io.out(`${gap}${style.bold(printable(name))}\n`);
      gap = '';
    },
    planned() {
      gap = '\n';
    },
    refused: () => io.out(`\nNothing was changed${names.length > 1 ? ': leave out what failed' : ''}.\n`),
  };
}

/** First the plan, of what will change alone; then what was done, as it is done; then what to type. */
async function shortScreen({ names, undo }: ScreenOptions, io: Io): Promise<SetupScreen> {
  const style = await styles(io, 'stdout');
  const format = await rowFormatter(io);
  const say = (text: string) => io.out(`${printable(pasteable(text, io))}\n`);
  const planMark = undo ? 'remove' : 'add';
  const words = shellLine(['vmssh', 'setup', ...(undo ? ['--undo'] : []), ...names]);
  const found: FindingJson[] = [];
  let isPlanned = false;
  return {
    show(step, exec) {
      const row = forPeople(step, exec);
      if (isPlanned) io.out(format(rowsOf([row], 'ok')));
      else found.push(row);
    },
    begin() {},
    planned(plans, isReady) {
      isPlanned = true;
      if (isReady) return;
      for (const plan of plans) {
        io.out(`${style.bold(printable(headingOf(plan, undo)))}\n`);
        io.out(format(rowsOf(plan.steps, planMark), 2));
      }
      if (!undo) say('  Details: -v     To take it back: --undo');
    },
    refused() {
      io.out(
        format(
          rowsOf(
            found.filter(({ state }) => state === 'failed'),
            planMark,
          ),
        ),
      );
      say(`Nothing was changed${names.length > 1 ? ': leave out what failed' : ''}`);
    },
    dryRun(isReady) {
      say(isReady ? `✓ Nothing to change` : `Dry run: nothing was changed. To do it: ${words}`);
    },
    done(all, isReady) {
      const hosts = all.flatMap(({ host }) => host ?? []);
      const isDone = all.every(({ steps }) => steps.every(({ state }) => state !== 'failed'));
      if (!isDone || undo || hosts.length === 0) return;
      const commands = hosts.map((host) => `ssh ${host}`).join('   ');
      if (!isReady) {
        io.out('\n');
        return say(`Ready: ${commands}`);
      }
      const text = (host: string, user = 'the user of the machine') =>
        `${host} is set up: ssh ${host} logs in as ${user}. Nothing to change`;
      io.out(format(all.map(({ host, name, user }) => ({ mark: 'ok', text: text(host ?? name, user) }))));
    },
  };
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

/** A person compares a fingerprint only where nobody confirms the key. */
const lessOf: Readonly<Record<string, (found: string) => string>> = {
  key: (found) => found.replace(/ \(SHA256:[A-Za-z0-9+/]{43}\)$/, ''),
  'host-key': (found) => found.replace(/^\S+ SHA256:\S+ is pinned, as its manager/, 'saved, as its manager'),
};

/** Those that matter to a person: what is changed, what failed, what was left out. */
function rowsOf(steps: readonly FindingJson[], changed: Mark): readonly Row[] {
  const marks: Readonly<Partial<Record<FindingJson['state'], Mark>>> = {
    changed,
    failed: 'wrong',
    skipped: 'look',
  };
  return steps.flatMap(({ name, state, found, fix }) => {
    const mark = marks[state];
    return mark === undefined
      ? []
      : [{ mark, name: (labels[name] ?? name).padEnd(9), text: lessOf[name]?.(found) ?? found, fix }];
  });
}

/** A fix in a machine as a command of this host; a hint or a fix that cannot be pasted is a part of the text. */
function forPeople(step: FindingJson, exec: readonly string[] | undefined): FindingJson {
  const { fix, hint, found, by, name, state } = step;
  const said = [found, hint && `(the machine says: ${hint})`].filter(Boolean).join(' ');
  if (fix === undefined || by === undefined) return { name, state, found: said, fix };
  if (exec === undefined || printable(fix) !== fix)
    return { name, state, found: `${said} (the machine says: ${fix})` };
  return {
    name,
    state,
    found: said,
    fix: shellLine([...exec.map(shorter), '/bin/sh', '-c', fix].filter((word) => word !== '--syslog=false')),
  };
}

/** Managers of containers take the first digits of an id. */
function shorter(word: string): string {
  return /^[0-9a-f]{64}$/.test(word) ? word.slice(0, 12) : word;
}
