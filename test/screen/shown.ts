import { createHash } from 'node:crypto';
import { type IBufferLine, Terminal } from '@xterm/headless';

/** A line that a program printed, in the rows that it takes. */
export type Line = readonly string[];

/** What a terminal of so many columns shows in the end, as text or in `inColors`. */
export async function shown(printed: string, columns: number, textOf = inPlain): Promise<readonly Line[]> {
  const terminal = new Terminal({ cols: columns, rows: 100, allowProposedApi: true });
  await new Promise<void>((done) => terminal.write(printed, done));
  const { active } = terminal.buffer;
  const lines: string[][] = [];
  for (let at = 0; at < active.length; at++) {
    const row = active.getLine(at);
    if (row?.isWrapped) lines.at(-1)?.push(textOf(row));
    else if (row) lines.push([textOf(row)]);
  }
  terminal.dispose();
  while (lines.at(-1)?.join('') === '') lines.pop();
  return lines;
}

const inPlain = (row: IBufferLine) => row.translateToString(true);

/** With the codes that build/picture.js reads. */
export function inColors(row: IBufferLine): string {
  let [text, before] = ['', ''];
  for (let at = 0; at < inPlain(row).length; at++) {
    const cell = row.getCell(at);
    const codes = [cell?.isBold() && 1, cell?.isDim() && 2, cell?.isFgPalette() && 30 + cell.getFgColor()];
    const look = codes.flatMap((code) => (code ? [`\x1b[${code}m`] : [])).join('');
    text += `${look === before ? '' : `\x1b[0m${look}`}${cell?.getChars() || ' '}`;
    before = look;
  }
  return before === '' ? text : `${text}\x1b[0m`;
}

/** Replaces what is different each time by something as long: keys by their order in `seen`, folders, times, versions, ports. */
export function settled(text: string, seen: string[]): string {
  const random = (part: string) => {
    if (!seen.includes(part)) seen.push(part);
    return createHash('sha256')
      .update(`${seen.indexOf(part)}`)
      .digest('base64')
      .slice(0, part.length);
  };
  return text
    .replaceAll(/(?<=sha256:|SHA256:|AAAAC3NzaC1lZDI1NTE5AAAAI)[\w+/-]{43}/g, random)
    .replaceAll(/\/vmssh-t-\w{6}/g, '/vmssh-t-XXXXXX')
    .replaceAll(/ *\b\d+\.\d ms\b/g, (time) => '1.0 ms'.padStart(time.length))
    .replaceAll(/(?<![.\d])\d+ ms\b/g, '40 ms')
    .replaceAll(/\b\d+\.\d s\b/g, '0.3 s')
    .replaceAll(/\b20\d\d-\d\d-\d\d\b/g, '2026-11-30')
    .replaceAll(/OpenSSH_\S+( Debian-\S+)?/g, 'OpenSSH_10.0p2 Debian-7')
    .replaceAll(/127\.0\.0\.1:[3-6]\d{4}/g, '127.0.0.1:40000')
    .replaceAll(/\d+ checks fine/g, '6 checks fine');
}
