import { formatCheck } from '../../../checks/format.js';
import type { Io } from '../../../cli/command.js';
import { formatProgress } from '../../../cli/guest/progress-line.js';
import { pasteable } from '../../../cli/message.js';
import { styles } from '../../../cli/style.js';
import { printable } from '../../../errors.js';
import type { Finding } from '../../../guest/diagnose.js';
import { guestFailures } from '../../../guest/failures.js';
import type { Show } from './examine.js';

/** Prints the doctor's findings about a target for people. */
export async function printer(io: Io): Promise<Show> {
  const style = await styles(io, 'stdout');
  const line: Show['line'] = (each) => io.out(formatProgress(each, style));
  return {
    line,
    check: (result) => io.out(formatCheck(result, style, io)),
    finding({ state, name: step, message, fix }) {
      line({ state, step, message });
      if (fix) io.out(`    ${style.dim('fix:')} ${printable(pasteable(fix, io))}\n`);
    },
    guest: () => io.out(`${style.bold('in the guest')}\n`),
    suspects: (findings) => io.out(suspectLines(findings, style.dim, io)),
  };
}

/** The possible causes, for when the guest was not checked from inside. */
function suspectLines(findings: readonly Finding[], dim: (text: string) => string, io: Io): string {
  const suspects = findings.flatMap((finding) => finding.suspects ?? []);
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
