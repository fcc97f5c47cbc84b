import { thisHost } from '../../../src/kinds/machines.js';
import { code as codeIn, codes, type Row, tableOf } from '../../markdown.js';

type Family = 'AF_UNIX' | 'AF_VSOCK' | 'Multiplexers' | 'TCP';

/** What docs/reference/connect-errors.md says about a failed connect: its row, with the address and port filled in. */
export function documented(family: Family, code: string, address: string, port: number) {
  const row = [family, 'Any socket']
    .flatMap((heading) => tableOf('reference/connect-errors.md', heading))
    .find((each) => codes(each.code).includes(code));
  if (!row) throw new Error(`docs/reference/connect-errors.md has no row for ${code} under ${family}`);
  const [usual, here = usual] = (row.fix ?? '').split(/; for (?:CID 1|\.host): /);
  const isThisHost = address.startsWith('vsock:1:') || address === thisHost.path;
  const fill = (cell = '') => cell.replaceAll('{address}', address).replaceAll('{port}', String(port));
  return {
    op: 'connect',
    code,
    exitCode: 1,
    problem: `${fill(row['what it means'])} (${code})`,
    hint: fill(isThisHost ? here : usual),
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
