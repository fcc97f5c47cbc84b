import { type ConnectError, exitCode } from '../../base/errors.js';
import { fewAtATime } from '../../base/group-by.js';
import {
  type CheckResult,
  formatCheck,
  type LastStage,
  lastStages,
  type Means,
} from '../../checks/result.js';
import {
  type Command,
  oneOf,
  parsed,
  portOption,
  readAll,
  textOption,
  UsageError,
} from '../../cli/command.js';
import { connectFailure, pasteable } from '../../cli/failure.js';
import { formatFinding, hostFlags, isWrong, sshConfigOption, usualEntry } from '../../cli/guest.js';
import { type Envelope, envelope, type FailureJson, formatJson, jsonOption } from '../../cli/json.js';
import { type FormatRows, type Row, rowFormatter } from '../../cli/rows.js';
import { reachFlags, reachOptions, throughHop, verboseOption } from '../../cli/shared-options.js';
import { startProgress } from '../../cli/terminal.js';
import { execOf } from '../../entry/entry.js';
import { type FailureName, guestFailures } from '../../guest/failures.js';
import type { Finding } from '../../guest/report.js';
import type { Io } from '../../process/io.js';
import { outsideLines } from '../../sources/outside/file.js';
import { checkUserName } from '../../typed/names.js';
import { formatEndpoint } from '../../typed/route.js';
import { examineSource } from './check-source.js';
import { type Examination, type ExamineOptions, examine } from './examine.js';

interface CheckOptions extends Omit<ExamineOptions, 'target'> {
  readonly targets: readonly string[];
  readonly json: boolean;
}

const own = {
  port: portOption,
  user: parsed(
    {
      long: 'user',
      short: 'l',
      value: 'NAME',
      summary: 'the user to log in as (default: that of TARGET or of the ssh configuration)',
    },
    checkUserName,
  ),
  until: oneOf<LastStage>({
    long: 'until',
    value: 'STAGE',
    choices: lastStages,
    summary: `the last stage: ${lastStages.join(', ')} (default login); resolved opens nothing`,
  }),
  over: textOption({
    long: 'over',
    value: '[user@]HOST',
    takes: 'target',
    summary: 'another route into the guest, to look from inside: ssh, a target, wsl/DISTRO',
  }),
  sshConfig: sshConfigOption,
};

export const check: Command<CheckOptions> = {
  name: 'check',
  summary: 'log in as ssh does, and find what keeps that from working',
  usage: '[user@]TARGET...',
  details: `It runs ssh TARGET with your configuration, shell and agent, without prompts, from a terminal and as from a program without one: ✓ if that logs in, ! if ssh would ask you something, ✗ if it ends. A new host key is kept if your ssh keeps it. Then it looks at each step, and inside the guest if it can: by the login, by --over, or, if the login is refused, by the machine's manager. -v shows what is well, too. Several machines are checked at once, and printed in their order.
The name of a source of your own (docs/sources.md) runs that, and shows what is wrong with each of its rows.
The failures that it knows are listed in docs/reference/guest-failures.md. Exits with the code of the first target that failed.`,
  options: [...Object.values(own), ...reachOptions, jsonOption, verboseOption],
  examples: {
    'vmssh check mint': 'why does ssh mint not work?',
    'vmssh check --until resolved mint': 'which machine is this, and how is it reached?',
    'vmssh check --until banner --wait=60 vsock/3': 'does sshd answer, once it has booted?',
    'vmssh check --route exec web': 'only by one of its routes',
    'vmssh check --over root@192.0.2.7 vsock/3': 'with a look from inside over another route',
    'vmssh check mine': 'what a source of your own lists (docs/sources.md)',
    'vmssh check --json machine/web machine/db': 'for scripts',
  },

  parse(raw) {
    if (raw.positionals.length === 0) throw new UsageError('expected one or more targets, got nothing');
    const { over, until = 'login', ...given } = readAll(raw, { ...own, json: jsonOption });
    if (over !== undefined && raw.positionals.length > 1) throw new UsageError('--over takes one target');
    if (over !== undefined && until !== 'login')
      throw new UsageError('--over looks from inside, with --until=login');
    return {
      ...given,
      ...reachFlags(raw),
      until,
      targets: raw.positionals.map((target) => throughHop(raw, target)),
      over: over === undefined ? undefined : hostFlags(over, raw, usualEntry(over)),
    };
  },

  async run(options, io) {
    const [{ splitLogin }, { withOneLogin }] = await Promise.all([
      import('../../reach/login.js'),
      import('../../machines/hypervisors.js'),
    ]);
    const typed = options.targets.map((target) => splitLogin(target).host);
    return withOneLogin(typed, io, (sharing) => checkAll(options, sharing));
  },
};

async function checkAll({ targets, json, ...options }: CheckOptions, io: Io): Promise<number> {
  const signal = io.interrupted();
  const gone = io.outputGone();
  const end = AbortSignal.any([signal, gone]);
  const { lines } = outsideLines(io.env);
  const format = await rowFormatter(io);
  const done = new Map<string, Examination>();
  const work = async (target: string, to: Io) => {
    const source = lines.find(({ name }) => name === target);
    const one = await (source ? examineSource(source, to) : examine({ target, ...options }, to));
    done.set(target, one);
    if (!json) to.out(examinationText(one, options.verbose, format, to));
  };
  const [first = '', ...others] = targets;
  if (others.length === 0) await work(first, io);
  else await eachWhole([...new Set(targets)], work, io, end);
  const well = [...done.values()].filter(({ code }) => code === exitCode.ok).length;
  if (!json && done.size > 1) io.out(`${well} of ${done.size} ${well === 1 ? 'works' : 'work'}\n`);
  const results = targets.flatMap((target) => done.get(target) ?? []);
  const code = results.find((each) => each.code !== exitCode.ok)?.code ?? exitCode.ok;
  if (json) io.out(formatJson(checkJson(results, code)));
  return code;
}

/** Many at a time; what each prints comes in one piece, in their order. */
async function eachWhole(
  targets: readonly string[],
  work: (target: string, to: Io) => Promise<void>,
  io: Io,
  end: AbortSignal,
): Promise<void> {
  let [ended, next] = [0, 0];
  const ready = new Map<string | undefined, () => void>();
  const said = () => `${ended} of ${targets.length} machines are checked`;
  const progress = await startProgress(io, said());
  const one = async (target: string) => {
    const [out, err]: [string[], string[]] = [[], []];
    const terminal = { ...io.terminal, stderr: false };
    const to = {
      ...io,
      terminal,
      out: (text: string) => out.push(text),
      err: (text: string) => err.push(text),
    };
    if (!end.aborted) await work(target, to);
    ready.set(target, () => {
      if (err.length > 0) io.err(err.join(''));
      if (out.length > 0) io.out(out.join(''));
    });
    ended++;
    progress.clear();
    for (; ready.has(targets[next]); next++) ready.get(targets[next])?.();
    progress.update(said());
  };
  await fewAtATime(targets, atOnce, one).finally(() => progress.stop());
}

/** A check of one starts some processes of ssh. */
const atOnce = 16;

export type CheckJson = Envelope<'check'> & { readonly results: readonly CheckedJson[] };

interface CheckedJson
  extends Pick<CheckResult, 'target' | 'stages' | 'routes'>,
    Partial<Pick<Means, 'parsed' | 'endpoint' | 'steps' | 'user' | 'identityFile'>> {
  readonly ok: boolean;
  readonly exitCode: number;
  /** The endpoint as a literal target. */
  readonly address?: string;
  readonly error?: FailureJson;
  readonly checks: readonly Finding[];
  /** Possible causes, likeliest first, if the guest could not be checked from inside. */
  readonly suspects: readonly { readonly name: string; readonly title: string; readonly fix: string }[];
  readonly guest?: { readonly checks: readonly Finding[]; readonly error?: FailureJson } | undefined;
}

export function checkJson(done: readonly Examination[], exitCode: number): CheckJson {
  return { ...envelope('check', exitCode), results: done.map(toCheckedJson) };
}

function toCheckedJson({ check, code, findings, suspects, guest }: Examination): CheckedJson {
  const { target, means, stages, routes = [], error } = check;
  return {
    target,
    ok: code === 0,
    exitCode: code,
    parsed: means?.parsed,
    address: means?.endpoint && formatEndpoint(means.endpoint),
    endpoint: means?.endpoint,
    steps: means?.steps,
    user: means?.user || undefined,
    identityFile: means?.identityFile,
    stages,
    ...(routes.length === 0 ? {} : { routes }),
    error: error && connectFailure(error),
    checks: findings,
    suspects: suspects.map((name) => {
      const { title, fix } = guestFailures[name];
      return { name, title, fix };
    }),
    guest: guest && { checks: guest.findings, error: guest.notRun && connectFailure(guest.notRun) },
  };
}

/** What a check found, for people: the answer first. `isWhole`: with what is well, too. */
export function examinationText(
  examination: Examination,
  isWhole: boolean,
  format: FormatRows,
  io: Io,
): string {
  const { check, verdict, suspects, guest } = examination;
  const { error } = check;
  const row = (finding: Finding) => formatFinding(finding, format, guest && execOf(guest.entry));
  const answer = verdict ?? (error && { state: 'failed' as const, found: error.problem });
  const isSteps = isWhole || answer === undefined;
  const name = check.target === '' ? '""' : check.target;
  const isShown = (finding: Finding) => isWhole || isWrong(finding);
  const others = examination.findings.filter(
    (finding) => finding.found !== verdict?.found && isShown(finding),
  );
  // What ssh said to this host, and an answer with its fix, are enough for a person.
  const isBrief = !isWhole && io.terminal.stdout;
  const isTold = isBrief && verdict?.fix !== undefined;
  const isNews = ({ name }: Finding) => !isTold || (name !== 'key' && name !== 'login');
  const inside = (guest?.findings ?? []).filter((finding) => isShown(finding) && isNews(finding));
  const notRun = guest?.notRun;
  return [
    answer ? format([answerRow(name, answer, isBrief, verdict ? undefined : error)]) : '',
    ...(isSteps ? [formatCheck(check, format, answer === undefined)] : []),
    ...others.slice(0, maxShown).map(row),
    others.length > maxShown
      ? row({ ...failed, found: `and ${others.length - maxShown} more: --json shows all` })
      : '',
    inside.length > 0 || notRun ? format([{ name: `inside ${name}` }]) : '',
    ...inside.map(row),
    notRun
      ? row({ name: 'inside', state: 'skipped', found: notRun.problem }) + format([{ hint: notRun.hint }])
      : '',
    suspectLines(suspects, format, io),
  ].join('');
}

type Answer = Pick<Finding, 'state' | 'found' | 'fix'>;

/** The verdict or, without one, what stopped the check. A name that begins the sentence is said once. */
function answerRow(
  name: string,
  { state, found: message, fix }: Answer,
  isBrief: boolean,
  error: ConnectError | undefined,
): Row {
  const said = isBrief
    ? message.replace(
        /(?<=^you have no SSH key), and .*?(?:: no key file(, and .*))?$|: Permission denied \(.*$/,
        '$1',
      )
    : message;
  const begins = [`${name} `, `"${name.replace(/^.*[/@]/, '')}" `];
  const text = begins.some((begin) => said.startsWith(begin)) ? said : `${name}: ${said}`;
  const help = error?.start ? { fix: error.hint } : { hint: error?.hint };
  return { mark: marks[state], text, fix, ...help };
}

const marks = { ok: 'ok', changed: 'ok', skipped: 'look', failed: 'wrong' } as const;

/** A source of one's own may have as many as rows. */
const maxShown = 50;
const failed = { name: 'rows', state: 'failed' } as const;

function suspectLines(suspects: readonly FailureName[], format: FormatRows, io: Io): string {
  if (suspects.length === 0) return '';
  const rows = suspects.map((name): Row => {
    const { number, title, fix } = guestFailures[name];
    const where = number > 0 ? ` (${number} in docs/reference/guest-failures.md)` : '';
    return { mark: 'none', text: `${title}${where}`, fix };
  });
  const look =
    'To know which: --over [user@]HOST looks from inside, or paste what vmssh guest check --script prints into its console';
  const [above, below] = ['It may be, the likeliest first:', pasteable(look, io)];
  return format([{ text: above }]) + format(rows, 2) + format([{ text: below }]);
}
