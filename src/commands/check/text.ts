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
  const hinted = ({ hint = '', start }: ConnectError) => {
    if (start || /^vmssh setup( --[\w-]+)* \S+$/.test(hint)) return format([{ fix: hint }]);
    return hint ? format([{ text: `hint: ${pasteable(hint, io)}` }], 2) : '';
  };
  const row = ({ state, name: step, message, fix }: ShownFinding) =>
    formatProgress({ state, step, message }, format) + (fix ? format([{ fix }], 2) : '');
  const answer = verdict ?? (error && { state: 'failed' as const, message: error.problem });
  const isSteps = isWhole || answer === undefined;
  const name = check.target === '' ? '""' : check.target;
  const isShown = ({ state }: { readonly state: string }) =>
    isWhole || (state !== 'ok' && state !== 'changed');
  const others = examination.findings.filter((each) => each.message !== verdict?.message && isShown(each));
  const inside = guest ? linesInside(guest.lines, isWhole) : [];
  const notRun = guest?.notRun;
  return [
    answer
      ? format([{ mark: marks[answer.state], text: `${name}: ${answer.message}`, fix: verdict?.fix }])
      : '',
    answer && !verdict && error ? hinted(error) : '',
    ...(isSteps ? [formatCheck(check, format, io, answer === undefined)] : []),
    ...others.slice(0, maxShown).map(row),
    others.length > maxShown
      ? row({ ...failed, message: `and ${others.length - maxShown} more: --json shows all` })
      : '',
    inside.length > 0 || notRun ? format([{ name: `inside ${name}` }]) : '',
    ...inside.map((line) => formatProgress(line, format, guest?.into.exec)),
    notRun ? row({ name: 'inside', state: 'skipped', message: notRun.problem }) + hinted(notRun) : '',
    suspectLines(suspects, format, io),
  ].join('');
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
