import { failures } from '../../../src/connect/failures/failures.js';
import { thisHost } from '../../../src/typed/target.js';
import { code as codeIn, type Row, tableOf } from '../../markdown.js';

const families = { AF_UNIX: 'unix', AF_VSOCK: 'vsock', Multiplexers: 'vsock-mux' } as const;

/** What a failed connect says by the table of its family, with the address and port filled in. */
export function documented(family: keyof typeof families, code: string, address: string, port: number) {
  const row = failures[families[family]].find((each) => each.codes.includes(code));
  if (!row) throw new Error(`no row for ${code} under ${family}`);
  const { problem, hint, hintForThisHost = hint } = row;
  const isThisHost = address.startsWith('vsock:1:') || address === thisHost.path;
  const fill = (text: string) => text.replaceAll('{address}', address).replaceAll('{port}', String(port));
  return {
    op: 'connect',
    code,
    exitCode: 1,
    problem: `${fill(problem)} (${code})`,
    hint: fill(isThisHost ? hintForThisHost : hint),
  };
}

/** Op and exit code of one of our own codes, by docs/reference/errors.md. */
export function documentedCode(code: string) {
  const row: Row | undefined = tableOf('reference/errors.md', 'Our own codes').find(
    (each) => codeIn(each.code) === code,
  );
  if (!row) throw new Error(`docs/reference/errors.md has no code ${code}`);
  return { op: row.op, code, exitCode: Number(row['exit code']) };
}

/** The two lines of a failed connect as they reach the user through ssh. */
export function saying(target: string, { problem, hint }: { problem: string; hint: string }): string {
  return `vmssh: cannot connect to "${target}": ${problem}\nhint: ${hint}\n`;
}
