import { closeSync, constants, openSync, statSync, writeSync } from 'node:fs';
import type { Env } from '../base/runtime.js';
import { hostKeyAlias, type Identified, namesAlike, namesOf } from '../book/identity.js';
import { FileRefusal, readSafely } from '../files/place.js';
import { readBytes } from '../files/read-file.js';
import { inboxOf, knownHostsFile } from '../ssh/folder.js';
import {
  folded,
  isHashOf,
  type KeyLine,
  linesOf,
  nameBytes,
  parseLine,
  plainName,
} from '../ssh/known-hosts.js';
import { allGuestKeys } from './guest-keys.js';
import { fromBytes, type Pin, pinPrint, pinsIn, sharedMark, toBytes, withPin } from './pins.js';

/** Bytes of an inbox that is emptied first: a machine can show a new key at each try. */
export const longInbox = 256 << 10;

/** What ssh looked up, and whose key it was shown, before ssh decides about that. */
export interface Note {
  readonly host: string;
  readonly print: string;
  readonly pin: Pick<Pin, 'alias' | 'names' | 'comment' | 'isShared'>;
}

/** The keys in the inbox that are a machine's: a line of ssh's with the host and the key of a note. `host`: only what ssh has kept under that name. */
export function inboxPins(inbox: Buffer, host?: string): readonly Pin[] {
  const name = host === undefined ? undefined : nameBytes(host);
  return entriesOf(inbox).flatMap(({ note, pin }) =>
    pin && (name === undefined || note?.host === name) ? [pin] : [],
  );
}

/** Appends a note by one write, as ssh appends its line, unless the last one for that host and key says the same. `inbox`: what is in it. */
export function leaveNote(knownHosts: string, note: Note, inbox: Buffer): void {
  const line = formatNote(note);
  const { host, print } = note;
  const last = notesIn(inbox).findLast((each) => isSame(each, { host: nameBytes(host), print }));
  if (line === undefined || last?.line === line) return;
  const start = inbox.length === 0 || inbox.at(-1) === newline ? '' : '\n';
  const { O_WRONLY, O_CREAT, O_APPEND } = constants;
  const file = openSync(inboxOf(knownHosts), O_WRONLY | O_CREAT | O_APPEND, 0o600);
  try {
    writeSync(file, Buffer.from(`${start}${line}\n`, 'latin1'));
  } finally {
    closeSync(file);
  }
}

/** Our file with what ssh has kept: as its machine's where a note says so, else as it is. */
export function withInbox(own: Buffer, inbox: Buffer): Buffer {
  const lines = new Set(linesOf(own).map((line) => line.trim()));
  return entriesOf(inbox).reduce((bytes, { line, pin }) => {
    if (pin) return withPin(bytes, pin);
    if (lines.has(line.trim())) return bytes;
    const end = bytes.length === 0 || bytes.at(-1) === newline ? '' : '\n';
    return Buffer.concat([bytes, Buffer.from(`${end}${line.trim()}\n`, 'latin1')]);
  }, own);
}

/** What is known in both files; nothing of one that cannot be read. */
export async function bothFiles(knownHosts: string): Promise<Buffer> {
  const [own, inbox] = await Promise.all(
    [knownHosts, inboxOf(knownHosts)].map((path) => readBytes(path).catch(() => Buffer.alloc(0))),
  );
  return own && inbox ? withInbox(own, inbox) : Buffer.alloc(0);
}

/** Whether a key is kept of one of these machines, by whatever name, or was made for it; `host`: that of its lines. */
export async function keysKnown(machines: readonly Identified[], env: Env) {
  const kept = await namesKept(env, machines.map(hostKeyAlias));
  const guests = new Set(allGuestKeys(env).map(({ name }) => name));
  return (machine: Identified, host?: string): boolean => {
    if (machine.target.kind !== 'via' && guests.has(machine.machine?.name ?? '')) return true;
    const byName = [...namesOf(machine, host), ...namesAlike(machine)];
    const isKept = (name: string) => kept.has(name) || kept.has(`vmssh-${name}`);
    return kept.has(hostKeyAlias(machine) ?? '') || byName.some(isKept);
  };
}

/** All names that a key is kept by. Of the hashed ones those of `known`. */
export async function namesKept(env: Env, known: readonly (string | undefined)[] = []) {
  const pins = pinsIn(await bothFiles(knownHostsFile(env)), known);
  return new Set(pins.flatMap(({ alias, names }) => [plainName(alias), ...names]));
}

type Edit = (old: Buffer | undefined) => Buffer | undefined;

const maxTries = 5;
const newline = 0x0a;

/** Empties the inbox into our file, which is changed by `edit` too. Throws as `editFile` does. */
export async function takeInbox(knownHosts: string, edit: Edit = (old) => old): Promise<void> {
  const { editFile } = await import('../files/edit-file.js');
  const path = inboxOf(knownHosts);
  for (let tries = 0; tries < maxTries; tries++) {
    const file = await readSafely(path);
    if (file && mayBeOthers(file)) throw new FileRefusal('OTHERS_LINK', 'others may have written there');
    const inbox = file?.bytes ?? Buffer.alloc(0);
    await editFile(
      knownHosts,
      (old) => edit(inbox.length === 0 ? old : withInbox(old ?? Buffer.alloc(0), inbox)),
      0o600,
    );
    if (inbox.length === 0) return;
    // What ssh has added meanwhile is taken over first.
    if (statSync(path).size !== inbox.length) continue;
    const emptied = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_APPEND);
    try {
      writeSync(emptied, Buffer.from(openNotes(inbox), 'latin1'));
    } finally {
      closeSync(emptied);
    }
    return;
  }
  throw new FileRefusal('LOCKED', 'ssh keeps adding to it');
}

/** Whether another user than this one and root owns a file, or may change it. */
export function mayBeOthers({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  const own = process.getuid?.();
  return own !== undefined && ((uid !== own && uid !== 0) || (mode & 0o022) !== 0);
}

/** Of logins that may still wait at ssh's question. */
function openNotes(inbox: Buffer): string {
  const kept = entriesOf(inbox);
  const isKept = (note: ReadNote) => kept.some(({ note: own }) => own?.line === note.line);
  const since = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const open = notesIn(inbox).filter((note) => !isKept(note) && note.day >= since);
  return open
    .slice(-maxOpen)
    .map(({ line }) => `${line}\n`)
    .join('');
}

/** More logins than wait at once. */
const maxOpen = 200;

interface ReadNote {
  readonly line: string;
  readonly host: string;
  readonly print: string;
  readonly day: string;
  readonly pin: Note['pin'];
}

const mark = '# vmssh: ';

function formatNote({
  host,
  print,
  pin: { alias, names, comment = '', isShared },
}: Note): string | undefined {
  // Of such a name ssh writes no line that it could read.
  if (/[\s\p{Cc}]|^[#@|]|^$/u.test(host)) return undefined;
  const words = [host, print, alias, comment, ...(isShared ? [sharedMark] : []), ...names.slice(-maxNames)];
  return toBytes(`${mark}${words.join(' ')}`);
}

/** A line is one write. */
const maxNames = 16;

function notesIn(inbox: Buffer): readonly ReadNote[] {
  return linesOf(inbox).flatMap((text) => {
    const line = text.trimEnd();
    if (!line.startsWith(mark)) return [];
    const [host = '', print = '', alias = '', day = '', by, ...words] = line.slice(mark.length).split(' ');
    if (by !== 'ssh' || !alias.startsWith('vmssh-') || !/^\d{4}-\d\d-\d\d$/.test(day)) return [];
    const names = words.filter((word) => word !== sharedMark).map(fromBytes);
    const isShared = words.includes(sharedMark) || undefined;
    const pin = { alias: fromBytes(alias), names, comment: `${day} ${by}`, isShared };
    return { line, host: folded(host), print, day, pin };
  });
}

function isSame(note: ReadNote, { host, print }: { readonly host: string; readonly print: string }): boolean {
  return note.host === host && note.print === print;
}

interface Entry {
  readonly line: string;
  readonly note?: ReadNote | undefined;
  readonly pin?: Pin | undefined;
}

/** The lines with a key; a machine's by the last note for its host and key. */
function entriesOf(inbox: Buffer): readonly Entry[] {
  const notes = notesIn(inbox);
  return linesOf(inbox).flatMap((line): readonly Entry[] => {
    const parsed = parseLine(line);
    if (!parsed) return [];
    const { marker, type, key } = parsed;
    const note = marker === undefined ? notes.findLast((each) => isOf(each, parsed)) : undefined;
    return [{ line, note, pin: note && { ...note.pin, type, key, isInbox: true } }];
  });
}

function isOf({ host, print }: ReadNote, { hosts, key }: KeyLine): boolean {
  const isHost = hosts.startsWith('|') ? isHashOf(host, hosts) : folded(hosts).split(',').includes(host);
  return isHost && pinPrint({ key }) === print;
}
