import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { rowIn, withRow } from '../../product/conformance/markdown-table.js';
import type { Line } from './site.js';

const file = fileURLToPath(new URL('seen.md', import.meta.url));
const heading = 'Broken on purpose';

/** With this in the environment the run writes its rows; otherwise it compares. */
const writes = process.env.VMSSH_WRITE_CONFORMANCE === '1';

/** What was broken on purpose in a guest, and what came of it. */
export interface Seen {
  readonly guest: string;
  readonly broken: string;
  readonly failed: Line | undefined;
  readonly fix: Line | undefined;
  /** The login over vsock after the fix was run. */
  readonly login: string;
}

/** A row of the table in seen.md. */
export function seen({ guest, broken, failed, fix, login }: Seen): void {
  const said = `\`${failed?.step}\`: ${lasting(failed?.text)}`;
  const row = [guest, broken, said, `\`${lasting(fix?.text)}\``, login].map((cell) =>
    cell.replaceAll('|', '\\|'),
  );
  const text = readFileSync(file, 'utf8');
  if (writes) writeFileSync(file, withRow(text, heading, row, 2));
  else {
    const remedy = 'if the new one is right: VMSSH_WRITE_CONFORMANCE=1 npm run test:guest -- guest-';
    expect(row, `${guest}, ${broken}: ${remedy}`).toEqual(rowIn(text, heading, row.slice(0, 2)));
  }
}

/** The text without what differs between runs, and not longer than a table bears. */
function lasting(text = ''): string {
  const same = text
    .replace(/(?:AVC|audit|type)\S* (?:\S+ )?(?:audit\(\S+ +)?(?=avc: |apparmor=)/, '') // by which way it was logged
    .replaceAll(/\b(pid|ino)=\d+/g, '$1=…')
    .replaceAll(/\(pid \d+\)/g, '(pid …)')
    .replaceAll(/\b(operation|requested_mask|denied_mask)="\w+"/g, '$1="…"') // whichever call of several was denied last
    .replaceAll(/socket:\[\d+\]/g, 'socket:[…]')
    .replaceAll(/systemd (\d+)\.[^\s:]+/g, 'systemd $1')
    .replaceAll(/\d+ ms/g, '… ms');
  return same.length > longest ? `${same.slice(0, longest)}…` : same;
}

const longest = 240;
