import type { ConnectError } from '../base/errors.js';
import { now } from '../base/runtime.js';
import { cidOf, type Finding, findingsOf } from '../guest/report.js';
import { beforeLoginScript, type CheckScriptOptions, checkScript } from '../guest/script.js';
import type { Io } from '../process/io.js';
import { type Entry, isBySsh } from './entry.js';
import { refuseOther, tryIn, whyNotRun } from './run.js';

export interface Inside {
  readonly findings: readonly Finding[];
  readonly ok: boolean;
  readonly notRun?: ConnectError;
}

/** What the look inside and the login before it may take together. Milliseconds. */
const lookLimitMs = 60_000;

/** Logs in to a guest and looks for what keeps sshd from answering; `from`: when the login began. Changes nothing there. */
export async function lookInside(
  entry: Entry,
  options: CheckScriptOptions,
  io: Io,
  signal: AbortSignal,
  from: number,
): Promise<Inside> {
  // What answers like a server may take all the time of the login.
  const limitMs = Math.max(lookLimitMs / 2, lookLimitMs - (now() - from));
  const end = await look(entry, checkScript(options), io, signal, limitMs);
  const { lines, code } = end;
  const notRun = code === undefined ? await whyNotRun(entry, end, io, signal) : undefined;
  return { findings: findingsOf(lines), ok: code === 0, notRun };
}

export interface Guest {
  readonly cid: number | undefined;
  /** Another at each boot: which machine it is. */
  readonly boot: string | undefined;
  /** Who logged in to look; undefined: not by ssh. */
  readonly user: string | undefined;
  /** Whether that login came over a socket without an address: vsock or unix. */
  readonly bySocket: boolean;
  readonly cursor: string;
}

/** Asks a guest over its route, and changes nothing there. Throws a ConnectError if that fails. */
export async function lookAt(entry: Entry, io: Io, signal: AbortSignal): Promise<Guest> {
  const end = await look(entry, beforeLoginScript(), io, signal);
  if (end.code === undefined) throw await whyNotRun(entry, end, io, signal);
  const { lines } = end;
  const said = (name: string) => lines.find(({ step }) => step === name)?.message;
  return {
    cid: cidOf(lines),
    boot: said('boot'),
    user: isBySsh(entry) ? said('user') : undefined,
    // SSH_CONNECTION of a connection without an address.
    bySocket: entry.by === 'target' || said('peer')?.startsWith('UNKNOWN ') === true,
    cursor: said('cursor') ?? '',
  };
}

async function look(entry: Entry, script: string, io: Io, signal: AbortSignal, limitMs = lookLimitMs) {
  // A look changes nothing, so a machine without a UUID may be looked at.
  const isMeant = 'meant' in entry && entry.meant;
  const any = isMeant ? { ...entry, meant: { ...isMeant, unproved: true } } : entry;
  const end = await tryIn(any, script, { io, signal, as: 'account', limitMs });
  refuseOther(entry, end.lines);
  return end;
}
