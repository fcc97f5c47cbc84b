import type { ChalkInstance } from 'chalk';
import { formatCheck } from '../../checks/result.js';
import { pasteable } from '../../cli/failure.js';
import { formatProgress } from '../../cli/guest.js';
import { printable } from '../../errors.js';
import type { Finding } from '../../guest/diagnose.js';
import { guestFailures } from '../../guest/failures.js';
import type { Io } from '../../process/io.js';
import type { Examination, ShownFinding } from './examine.js';

/** What a check found, for people: the answer first. `isWhole`: with what is well, too. */
export function examinationText(
  examination: Examination,
  isWhole: boolean,
  style: ChalkInstance,
  io: Io,
): string {
  const { check, verdict, suspects, guest } = examination;
  const { error } = check;
  const fixed = (text: string | undefined, label = 'fix') =>
    text ? `    ${style.dim(`${label}:`)} ${printable(pasteable(text, io))}\n` : '';
  const row = ({ state, name: step, message, fix }: ShownFinding) =>
    formatProgress({ state, step, message }, style) + fixed(fix);
  const answer = verdict ?? (error && { state: 'failed' as const, message: error.problem });
  const isSteps = isWhole || answer === undefined;
  const mark = { ok: style.green('✓'), skipped: style.yellow('!'), failed: style.red('✗') };
  const name = style.bold(check.target === '' ? '""' : printable(check.target));
  const isShown = ({ state }: { readonly state: string }) =>
    isWhole || (state !== 'ok' && state !== 'changed');
  const others = examination.findings.filter((each) => each.message !== verdict?.message && isShown(each));
  const inside = guest ? linesInside(guest.lines, isWhole) : [];
  const notRun = guest?.notRun;
  return [
    answer ? `${mark[answer.state]} ${name}: ${printable(answer.message)}\n` : '',
    ...(answer ? [verdict ? fixed(verdict.fix) : fixed(error?.hint, 'hint')] : []),
    ...(isSteps ? [formatCheck(check, style, io, answer === undefined)] : []),
    ...others.slice(0, maxShown).map(row),
    others.length > maxShown
      ? row({ ...failed, message: `and ${others.length - maxShown} more: --json shows all` })
      : '',
    inside.length > 0 || notRun ? `${style.bold(`inside ${printable(check.target)}`)}\n` : '',
    ...inside.map((line) => formatProgress(line, style, guest?.into.exec)),
    notRun
      ? row({ name: 'inside', state: 'skipped', message: notRun.problem }) + fixed(notRun.hint, 'hint')
      : '',
    suspectLines(suspects, style, io),
  ].join('');
}

/** A source of one's own may have as many as rows. */
const maxShown = 50;
const failed = { name: 'rows', state: 'failed' } as const;

/** A fix and a hint belong to the line above. */
function linesInside(lines: NonNullable<Examination['guest']>['lines'], isWhole: boolean) {
  let isShown = isWhole;
  return lines.filter(({ state }) => {
    if (state !== 'fix' && state !== 'hint') isShown = isWhole || state === 'failed' || state === 'skipped';
    return isShown;
  });
}

function suspectLines(findings: readonly Finding[], { dim }: ChalkInstance, io: Io): string {
  const suspects = suspectsIn(findings);
  if (suspects.length === 0) return '';
  const lines = suspects.map((name) => {
    const { number, title, fix } = guestFailures[name];
    const where = number > 0 ? dim(` (${number} in docs/reference/guest-failures.md)`) : '';
    return `  - ${title}${where}\n    ${dim('fix:')} ${pasteable(fix, io)}\n`;
  });
  const look =
    'To know which: --over [user@]HOST looks from inside, or paste what vmssh guest check --script prints into its console';
  return `It may be, the likeliest first:\n${lines.join('')}${pasteable(look, io)}\n`;
}

export function suspectsIn(findings: readonly Finding[]) {
  return findings.flatMap(({ suspects }) => suspects ?? []);
}
