import { formatCheck } from '../../checks/result.js';
import { pasteable } from '../../cli/failure.js';
import { formatFinding, isWrong } from '../../cli/guest.js';
import type { FormatRows, Row } from '../../cli/rows.js';
import { execOf } from '../../entry/entry.js';
import type { ConnectError } from '../../errors.js';
import { type FailureName, guestFailures } from '../../guest/failures.js';
import type { Finding } from '../../guest/report.js';
import type { Io } from '../../process/io.js';
import type { Examination } from './examine.js';

/** What a check found, for people: the answer first. `isWhole`: with what is well, too. */
export function examinationText(
  examination: Examination,
  isWhole: boolean,
  format: FormatRows,
  io: Io,
): string {
  const { check, verdict, suspects, guest } = examination;
  const { error } = check;
  const row = (each: Finding) => formatFinding(each, format, guest && execOf(guest.entry));
  const answer = verdict ?? (error && { state: 'failed' as const, found: error.problem });
  const isSteps = isWhole || answer === undefined;
  const name = check.target === '' ? '""' : check.target;
  const isShown = (each: Finding) => isWhole || isWrong(each);
  const others = examination.findings.filter((each) => each.found !== verdict?.found && isShown(each));
  // What ssh said to this host, and an answer with its fix, are enough for a person.
  const isBrief = !isWhole && io.terminal.stdout;
  const isTold = isBrief && verdict?.fix !== undefined;
  const isNews = ({ name }: Finding) => !isTold || (name !== 'key' && name !== 'login');
  const inside = (guest?.findings ?? []).filter((each) => isShown(each) && isNews(each));
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
