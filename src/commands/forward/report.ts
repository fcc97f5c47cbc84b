import { fstatSync } from 'node:fs';
import { ConnectError, printable } from '../../base/errors.js';
import { failureOf } from '../../cli/failure.js';
import { type Envelope, envelope, type FailureJson, formatJson } from '../../cli/json.js';
import { complain, rowFormatter } from '../../cli/rows.js';
import { acceptedKeys } from '../../keys/accepted.js';
import type { TypedTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { lookUp } from '../../reach/login.js';
import type { ListedTarget } from '../../reach/short-name.js';
import { isSshPort } from '../../typed/numbers.js';
import { shellLine, shellOf } from '../../typed/shell.js';
import type { MachineListener } from './listener.js';
import { type EndedSession, formatLocal, isPrivate, type Local } from './session.js';

export type ForwardJson = Envelope<'forward'> & ForwardEvent;

type ForwardEvent =
  | {
      readonly event: 'listening';
      readonly listener: ListenerJson;
      readonly target: string;
      readonly port: number;
      /** With --reverse: where the machine's connections go. */
      readonly local?: LocalJson;
    }
  | (Omit<EndedSession, 'error'> & { readonly event: 'closed'; readonly error?: FailureJson });

export type LocalJson = { readonly host: string; readonly port: number } | { readonly path: string };

/** With --reverse it may be a vsock port of this host. */
type ListenerJson = LocalJson | { readonly port: number };

export interface ReportOptions {
  readonly port: number;
  readonly json: boolean;
  readonly verbose: boolean;
}

export async function reporter(options: ReportOptions, io: Io) {
  const format = await rowFormatter(io);
  const turnedAway = new Set<string>();
  const event = (said: ForwardEvent) => io.out(formatJson({ ...envelope('forward', 0), ...said }, false));
  return {
    listening(local: Local, target: string): void {
      const { port, json } = options;
      const to = `${printable(target)}:${port}`;
      const at = printable(formatLocal(local));
      if (!isPrivate(local))
        io.err(`${io.program}: warning: the whole network can connect to ${at}, and so to ${to}\n`);
      const listener = jsonOf(local);
      if (json) event({ event: 'listening', listener, target, port });
      else io.out(format([{ mark: 'ok', text: `${at} → ${to}   Ctrl-C stops it` }]));
    },
    reversed(listener: MachineListener['at'], target: string, local: Local): void {
      const { port, json } = options;
      const how = 'path' in listener ? ` by ${printable(listener.path)}` : '';
      const from = `vsock port ${port} of this host${how}`;
      const way = `only for ${printable(target)} → ${printable(formatLocal(local))}`;
      if (json) event({ event: 'listening', listener, target, port, local: jsonOf(local) });
      else io.out(format([{ mark: 'ok', text: `${from}, ${way}   Ctrl-C stops it` }]));
    },
    /** Once for each message, as whoever is turned away can come again and again, and not for very many. */
    async turnedAway(problem: string): Promise<void> {
      if (turnedAway.has(problem) || turnedAway.size >= maxTurnedAway) return;
      turnedAway.add(problem);
      await complain(`port ${options.port}: turned away: ${problem}`, undefined, io);
    },
    closed({ error, ...ended }: EndedSession): void {
      const failure = error === undefined ? undefined : failureOf(error, io);
      if (options.json) event({ event: 'closed', ...ended, ...(failure && { error: failure.json }) });
      if (!failure && !options.verbose) return;
      const { from, ms, sent, received, end } = ended;
      // The journal has a clock of its own (systemd.exec(5)).
      const { dev, ino } = io.env.JOURNAL_STREAM ? fstatSync(2) : { dev: 0, ino: 0 };
      const isJournal = io.env.JOURNAL_STREAM === `${dev}:${ino}`;
      const time = isJournal ? '' : `${new Date().toTimeString().slice(0, 8)} `;
      const whose = from ? formatLocal({ family: 'inet', ...from }) : 'a client';
      const moved = sent === undefined ? '' : `${sent} bytes out, ${received} bytes in, `;
      const how = failure?.message ?? `${(ms / 1000).toFixed(1)} s, ${moved}${ends[end]}`;
      io.err(`${io.program}: ${time}${whose}: ${printable(how)}\n`);
    },
  };
}

export function jsonOf(local: Local): LocalJson {
  return local.family === 'unix' ? { path: local.path } : { host: local.host, port: local.port };
}

const maxTurnedAway = 20;

const ends: Readonly<Record<EndedSession['end'], string>> = {
  both: 'ended by both sides',
  client: 'closed by the client',
  stopped: 'stopped here',
  failed: 'failed',
};

type TcpLocal = Extract<Local, { readonly family: 'inet' }>;

/** Prints the lines by which a client that knows only host and port accepts this machine and no other. */
export async function printKeys(means: TypedTarget, local: TcpLocal, io: Io): Promise<void> {
  const say = (text: string) => io.err(`${io.program}: ${printable(text)}\n`);
  const named: ListedTarget = await lookUp(means.text, io).catch(() => means);
  const lines = await keyLines(named, local, io.env).catch((error: Error) => error);
  if (lines instanceof ConnectError) return complain(lines.problem, lines.hint, io);
  if (lines instanceof Error) throw lines;
  if (lines === undefined)
    return say(`${means.text} is an address, whose host key vmssh does not keep: the client has to check it`);
  if (lines.length === 0) {
    const login = shellLine(['vmssh', 'ssh', means.text], shellOf(io));
    return say(`its host key is not known yet: log in once by ${login}, then run this again for its line`);
  }
  say('for clients that read ~/.ssh/known_hosts, put this there:');
  for (const line of lines) io.out(`${line}\n`);
}

/** Lines for known_hosts with the keys that a login accepts, under this address; undefined for another address. */
export async function keyLines(
  named: ListedTarget,
  { host, port }: TcpLocal,
  env: Io['env'],
): Promise<readonly string[] | undefined> {
  const name = isSshPort(port) ? host : `[${host}]:${port}`;
  return (await acceptedKeys(named, env))?.map(({ type, key }) => `${name} ${type} ${key}`);
}
