import { groupBy } from '../base/group-by.js';
import { type Env, tilde } from '../base/runtime.js';
import { pasteable } from '../cli/failure.js';
import { fixHere, formatFinding } from '../cli/guest.js';
import { type Mark, type Row, rowFormatter } from '../cli/rows.js';
import type { Finding } from '../guest/report.js';
import type { Io } from '../process/io.js';
import type { SetupPlan, SetupSteps } from './steps.js';

interface ScreenOptions {
  /** The words that were typed for machines. */
  readonly names: readonly string[];
  readonly undo: boolean;
  /** Every row, as it is found. */
  readonly verbose: boolean;
}

/** With --json nothing is shown but the answer at the end. */
export const silentScreen: Awaited<ReturnType<typeof setupScreen>> = {
  ...{ show() {}, begin() {}, planned() {}, refused() {}, dryRun() {}, done() {} },
};

/** First the plan, of what will change alone; then what was done, as it is done; then what to type. With -v: every row, and no more. */
export async function setupScreen({ names, undo, verbose }: ScreenOptions, io: Io) {
  const format = await rowFormatter(io);
  const say = (text: string) => io.out(format([{ text: pasteable(text, io) }]));
  const { env } = io;
  const isMany = names.length > 1;
  const failed: Row[] = [];
  let [machine, gap] = ['', ''];
  let isPlanned = false;
  return {
    show(step: Finding, exec?: readonly string[]) {
      if (verbose) return io.out(formatFinding(step, format, exec));
      const row = doneRow(forPeople(step, exec), machine, isMany, env);
      if (row && isPlanned) io.out(format([row]));
      else if (row && step.state === 'failed') failed.push(row);
    },
    /** Before a machine is looked at, and before something is done in it. */
    begin(name: string) {
      machine = name;
      if (verbose) io.out(gap + format([{ name }]));
      gap = '';
    },
    /** All plans are made, and can be carried out. `isReady`: nothing would change. */
    planned(plans: readonly SetupPlan[], isReady: boolean) {
      isPlanned = true;
      gap = '\n';
      if (isReady || verbose) return;
      for (const [about, same] of groupBy(plans, (plan) => (undo ? '' : aboutLogin(plan))))
        io.out(format([{ name: headingOf(same, undo) + about }]) + format(planRows(same, undo, env), 2));
      if (!undo) say('  Details: -v     To take it back: --undo');
    },
    /** All plans are made, and those of other machines than `left` can be carried out. */
    refused(left: readonly string[]) {
      io.out(verbose ? '\n' : format(failed));
      say(`Nothing was changed${isMany ? `. Leave out ${left.join(', ')}` : ''}`);
    },
    dryRun(isReady: boolean) {
      const none = undo
        ? `Nothing to undo: vmssh has set up nothing in ${names.join(', ')}`
        : 'Nothing to change';
      if (isReady && !verbose) io.out(format([{ mark: 'ok', text: none }]));
      else if (!verbose) say('Dry run: nothing was changed. To do it: leave out --dry-run');
    },
    done(all: readonly SetupSteps[], isReady: boolean) {
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

function headingOf(plans: readonly SetupPlan[], undo: boolean): string {
  if (undo) return `Undo the setup of ${plans.map(({ name }) => name).join(', ')}`;
  return `Set up ${plans.map(({ name, host }) => (host === undefined ? name : `ssh ${host}`)).join(' and ')}`;
}

/** Machines of one manager, with one user, are one plan. */
function aboutLogin({ setup, found }: SetupPlan): string {
  const user = found?.login.user;
  const about = [setup.machine?.provider, user && `login as ${user}`].filter(Boolean).join(', ');
  return about && `  (${about})`;
}

/** What a person calls the steps. */
const labels: Readonly<Record<string, string>> = {
  key: 'your key',
  'host-key': 'host key',
  'host-keys': 'host keys',
  config: 'ssh entry',
  login: 'log in',
  undo: 'inside',
};

/** What a step found, and what a person reads: $m is the machine. Of a plan in three parts, what is each machine's own between what is the same for all. */
type Text = readonly [step: string, found: RegExp, before: string, own?: string, after?: string];

// A person compares a fingerprint only where nobody confirms the key.
const planTexts: readonly Text[] = [
  ['key', /^the key goes into (.+) of \S+: (.*?)(?: \(SHA256:\S+\))?$/, '$2 → ', '$m:$1'],
  ['host-key', /^its manager reads/, 'read inside ', '$m', ' and saved here'],
  ['host-key', /^it is forgotten$/, 'the saved one of ', '$m'],
  ['config', /^Host (\S+): .*; in (.*)/, '', '$1', ' in $2'],
  ['config', /^its Host has no User (\S+) any more$/, 'User $1 of ', '$m'],
  ['undo', /^(\S+) \([\w-]+\) is taken back$/, '', '$m:$1'],
];

const doneTexts: readonly Text[] = [
  ['key', /^\d+ put into \S+ of (\S+)/, 'Added your key for $1 in $m'],
  ['host-key', / is pinned, as /, 'Saved the host key of $m'],
  ['host-key', /^it is forgotten$/, 'Forgot the host key of $m'],
  ['config', /^Host \S+: .*; in (.*)/, 'Wrote $1'],
  ['config', /^its Host has no User (\S+) any more$/, 'ssh $m no longer logs in as $1'],
  ['undo', /^(\S+) removed$/, 'Removed $m:$1'],
  ['undo', /^(\S+) loses your key$/, 'Removed your key from $m:$1'],
];

function said(texts: readonly Text[], { name, found }: Finding, machine: string, env: Env) {
  for (const [step, pattern, ...parts] of texts) {
    const match = step === name ? pattern.exec(found) : null;
    const put = (_: string, at: string) => (at === 'm' ? machine : (match?.[Number(at)] ?? ''));
    if (match) return parts.map((part = '') => tilde(part.replaceAll(/\$(\w)/g, put), env));
  }
  return undefined;
}

const markOf: Partial<Record<Finding['state'], Mark>> = { failed: 'wrong', skipped: 'look' };

/** The rows of a plan that matter to a person: what is changed, what is left out. What is the same for all machines is one row. */
function planRows(plans: readonly SetupPlan[], undo: boolean, env: Env): readonly Row[] {
  const all = plans.flatMap(({ name: machine, steps }) =>
    steps.flatMap((step) => {
      const { name, state, found, fix } = step;
      const mark = state === 'changed' ? (undo ? 'remove' : 'add') : markOf[state];
      const [before, own = '', after = ''] = said(planTexts, step, machine, env) ?? [found];
      return mark === undefined ? [] : [{ machine, mark, name, before, own, after, fix }];
    }),
  );
  const alike = groupBy(all, ({ machine: _, own: __, ...same }) => JSON.stringify(same));
  return [...alike.values()].map((same): Row => {
    const [{ mark, name = '', before, after, fix } = {}] = same;
    const own = same.flatMap((each) => each.own || []).join(', ');
    const isAll = own !== '' || same.length === plans.length;
    const which = isAll ? '' : ` (${same.map(({ machine }) => machine).join(', ')})`;
    const label = (labels[name] ?? name).padEnd(9);
    return { mark, name: label, text: `${before}${own}${after}${which}`, fix };
  });
}

/** What was done, failed, or was left out; of what is as it was, nothing. */
function doneRow(step: Finding, machine: string, isMany: boolean, env: Env): Row | undefined {
  const { name, state, found, fix } = step;
  const isDone = state === 'changed';
  const mark = isDone ? 'ok' : markOf[state];
  if (mark === undefined) return undefined;
  const [sentence] = (isDone && said(doneTexts, step, machine, env)) || [];
  if (sentence !== undefined) return { mark, text: sentence };
  const label = labels[name] ?? name;
  if (isDone && !isMany) return { mark, name: label.padEnd(9), text: found, fix };
  if (found.startsWith('it is ')) return { mark, text: `${machine}${found.slice('it'.length)}`, fix };
  return { mark, name: machine, text: name === 'way' ? found : `${label}: ${found}`, fix };
}

/** A fix in a machine as a command of this host; a hint or a fix that cannot be pasted is a part of the text. */
function forPeople(step: Finding, exec: readonly string[] | undefined): Finding {
  const { fix, hint, found, by, name, state } = step;
  const said = [found, hint && `(the machine says: ${hint})`].filter(Boolean).join(' ');
  if (fix === undefined || by === undefined) return { name, state, found: said, fix };
  const here = fixHere(fix, exec);
  return { name, state, found: here ? said : `${said} (the machine says: ${fix})`, fix: here };
}
