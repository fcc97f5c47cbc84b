import { existsSync } from 'node:fs';
import type { UserConsoleLog } from 'vitest';
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node';

/** What a suite prints that cannot run here starts with it. */
const mark = 'skipped: ';

/** Whether a text says why a suite is skipped: the last line of the run sums these up. */
export function isSkip(text: string): boolean {
  return text.startsWith(mark);
}

/** Says why something is skipped. With VMSSH_NO_SKIP=1 it throws. */
export function skip(reason: string): string {
  if (process.env.VMSSH_NO_SKIP === '1') throw new Error(reason);
  console.warn(`${mark}${reason}`);
  return reason;
}

/** At the end of a run one line says what was missing, and the command that brings it; another, if tests failed because nothing was built. */
export default class Skips implements Reporter {
  readonly #texts = new Set<string>();

  onUserConsoleLog({ content }: UserConsoleLog): void {
    // A file's lines may come together.
    for (const text of content.split(/\n(?=skipped: )/)) if (isSkip(text)) this.#texts.add(text.trim());
  }

  onTestRunEnd(_modules: readonly TestModule[], _errors: readonly unknown[], reason: TestRunEndReason): void {
    const line = skipLine([...this.#texts]);
    if (line) console.log(line);
    if (reason === 'failed' && !existsSync('dist/vmssh.js'))
      console.log('The program is not built, and many tests run it: npm run build');
  }
}

/** `texts`: as the suites print them. Undefined if nothing was skipped. */
export function skipLine(texts: readonly string[]): string | undefined {
  if (texts.length === 0) return undefined;
  const packages = texts.flatMap(
    (text) => /apt-get install ([\w+.: -]*[\w+])/.exec(text)?.[1]?.split(' ') ?? [],
  );
  const commands = [
    ...(packages.length > 0 ? [`apt-get install ${[...new Set(packages)].toSorted().join(' ')}`] : []),
    ...(texts.some((text) => text.includes('npm run build')) ? ['npm run build'] : []),
  ];
  const remedy = commands.length > 0 ? ` To run them too: ${commands.join(' && ')}` : '';
  return `Some tests were skipped: ${reasonsOf(texts).join('; ')}.${remedy}`;
}

/** Each reason once: the programs that were not found together, and of any other text its first line. */
function reasonsOf(texts: readonly string[]): readonly string[] {
  const reasons = texts.map((text) => text.slice(mark.length).split(/: apt-get|: npm run|\n/)[0] ?? '');
  const programs = reasons.flatMap((reason) => /^(.*) not found$/.exec(reason)?.[1]?.split(', ') ?? []);
  const others = reasons
    .filter((reason) => !reason.endsWith(' not found'))
    .map((reason) =>
      reason.includes('needs other users') ? 'what needs other users (run as root)' : reason,
    );
  const found = programs.length > 0 ? [`not found: ${[...new Set(programs)].toSorted().join(', ')}`] : [];
  return [...new Set([...others, ...found])];
}
