import { formatCheck } from '../../checks/result.js';
import { pasteable } from '../../cli/failure.js';
import { formatProgress, linesInside } from '../../cli/guest.js';
import type { FormatRows, Row } from '../../cli/rows.js';
import type { ConnectError } from '../../errors.js';
import type { Finding } from '../../guest/diagnose.js';
import { guestFailures } from '../../guest/failures.js';
import type { Io } from '../../process/io.js';
import type { Examination, ShownFinding } from './examine.js';

/** What a check found, for people: the answer first. `isWhole`: with what is well, too. */
export function examinationText(
  examination: Examination,
  isWhole: boolean,
  format: FormatRows,
  io: Io,
): string {
  const { check, verdict, suspects, guest } = examination;
  const { error } = check;
  const row = ({ state, name: step, message, fix }: ShownFinding) =>
    formatProgress({ state, step, message }, format) + format([{ fix }], 2);
  const answer = verdict ?? (error && { state: 'failed' as const, message: error.problem });
  const isSteps = isWhole || answer === undefined;
  const name = check.target === '' ? '""' : check.target;
  const isShown = ({ state }: { readonly state: string }) =>
    isWhole || (state !== 'ok' && state !== 'changed');
  const others = examination.findings.filter((each) => each.message !== verdict?.message && isShown(each));
  // What ssh said to this host, and an answer with its fix, are enough for a person.
  const isBrief = !isWhole && io.terminal.stdout;
  const isTold = isBrief && verdict?.fix !== undefined;
  const inside = (guest ? linesInside(guest.lines, isWhole) : []).filter(
    ({ step }) => !isTold || (step !== 'key' && step !== 'login'),
  );
  const notRun = guest?.notRun;
  return [
    answer ? format([answerRow(name, answer, isBrief, verdict ? undefined : error)]) : '',
    ...(isSteps ? [formatCheck(check, format, answer === undefined)] : []),
    ...others.slice(0, maxShown).map(row),
    others.length > maxShown
      ? row({ ...failed, message: `and ${others.length - maxShown} more: --json shows all` })
      : '',
    inside.length > 0 || notRun ? format([{ name: `inside ${name}` }]) : '',
    ...inside.map((line) => formatProgress(line, format, guest?.into.exec)),
    notRun
      ? row({ name: 'inside', state: 'skipped', message: notRun.problem }) + format([{ hint: notRun.hint }])
      : '',
    suspectLines(suspects, format, io),
  ].join('');
}

interface Answer {
  readonly state: keyof typeof marks;
  readonly message: string;
  readonly fix?: string | undefined;
}

/** The verdict or, without one, what stopped the check. A name that begins the sentence is said once. */
function answerRow(
  name: string,
  { state, message, fix }: Answer,
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

const marks = { ok: 'ok', skipped: 'look', failed: 'wrong' } as const;

/** A source of one's own may have as many as rows. */
const maxShown = 50;
const failed = { name: 'rows', state: 'failed' } as const;

function suspectLines(findings: readonly Finding[], format: FormatRows, io: Io): string {
  const suspects = suspectsIn(findings);
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

export function suspectsIn(findings: readonly Finding[]) {
  return findings.flatMap(({ suspects }) => suspects ?? []);
}
