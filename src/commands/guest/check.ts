import { exitCode, quote } from '../../base/errors.js';
import { now } from '../../base/runtime.js';
import type { Command, Read } from '../../cli/command.js';
import { flag, positionals, readAll, textOption, UsageError } from '../../cli/command.js';
import { pasteable } from '../../cli/failure.js';
import {
  accountName,
  byOption,
  everyStepOption,
  formatFinding,
  formatHelp,
  guestPortOption,
  type HostFlags,
  hostFlags,
  isWrong,
  sshConfigOption,
  targetIn,
  targetOption,
} from '../../cli/guest.js';
import { type Envelope, envelope, formatJson, jsonOption } from '../../cli/json.js';
import { reachFlags } from '../../cli/shared-options.js';
import { startProgress, whole } from '../../cli/terminal.js';
import { execOf } from '../../entry/entry.js';
import { entryTo, lookAt, lookInside } from '../../entry/run.js';
import type { Finding } from '../../guest/report.js';
import { checkScript } from '../../guest/script.js';
import { type GuestKeys, guestKeysFor, guestKeysOf, madeHostKey } from '../../keys/guest-keys.js';
import type { Io } from '../../process/io.js';
import { splitUser } from '../../reach/login.js';
import { sshPort } from '../../typed/numbers.js';

const own = {
  script: flag({ long: 'script', summary: "print the script instead, to paste into the guest's console" }),
  port: guestPortOption,
  user: textOption({
    long: 'user',
    short: 'l',
    value: 'NAME',
    summary: 'whose login to try (default: the user of HOST)',
  }),
  madeFor: textOption({
    long: 'credentials',
    value: 'NAME',
    summary:
      'check that it accepted the keys that guest credentials made for NAME (default: HOST, if it has such keys)',
  }),
  target: targetOption,
  verbose: everyStepOption,
  json: jsonOption,
};

interface GuestCheckOptions extends Pick<Read<typeof own>, 'target' | 'madeFor' | 'verbose' | 'json'> {
  /** Undefined: print the script itself. */
  readonly way: HostFlags | undefined;
  readonly port: number;
  /** Undefined: whoever logs in to HOST. */
  readonly account: string | undefined;
}

export const guestCheck: Command<GuestCheckOptions> = {
  name: 'guest check',
  summary: 'find what keeps sshd from answering on vsock, from inside the guest; changes nothing',
  usage: '[user@]HOST',
  details:
    'It tries a login over vsock, as ssh would, and looks from inside. HOST is anything ssh reaches, a target, or wsl/DISTRO. Exits 1 if something is wrong.',
  options: [...Object.values(own), byOption, sshConfigOption],
  examples: {
    'vmssh guest check root@192.0.2.7': 'over TCP, when vsock does not work yet',
    'vmssh guest check --script > check.sh': 'then in the guest: sudo sh check.sh',
  },

  parse(raw) {
    const { script, port = sshPort, user, ...given } = readAll(raw, own);
    const [host = ''] = positionals(raw, script ? 0 : 1, script ? 0 : 1, script ? 'no HOST' : 'HOST');
    const named = user ?? splitUser(host).user;
    const way = script ? undefined : hostFlags(host, raw);
    return { ...given, way, port, account: named === undefined ? undefined : accountName(named) };
  },

  async run({ way, port, account: named, target, madeFor, verbose, json }, io) {
    const made = madeKeys(madeFor, way, io);
    const madeKey = made && madeHostKey(made);
    if (!way) {
      io.out(checkScript({ port, account: named ?? 'root', madeKey }));
      return exitCode.ok;
    }
    const signal = io.interrupted();
    const from = now();
    const entry = await entryTo(way, io, signal);
    const guest = await lookAt(entry, io, signal);
    const account = named ?? accountName(splitUser(entry.host).user ?? guest.user ?? 'root');
    const { loginToGuest } = await import('../../entry/login.js');
    const login = await loginToGuest(entry, guest, { account, port, target }, io, signal);
    const to = targetIn(target ?? entry.host);
    const endpoint = to === undefined ? undefined : await endpointOf(to, account, io, signal);
    // Nothing has to listen where a manager starts sshd for each login.
    const over = endpoint?.family === 'exec' && endpoint.into === 'shell' ? 'exec' : 'vsock';
    const options = { port, account, madeKey, login, over } as const;
    const progress = await startProgress(io, `Looking inside ${entry.host}`);
    const inside = await lookInside(entry, options, io, signal, from).finally(() => progress.stop());
    const { findings, ok, notRun } = inside;
    const format = await (await import('../../cli/rows.js')).rowFormatter(io);
    const worst = findings.find(({ state }) => state === 'failed');
    const well = `sshd can answer${over === 'vsock' ? ' on vsock' : ''}, and ${account} can log in`;
    const answer = ok ? well : (worst?.found ?? 'the look inside found a fault');
    if (!json && !notRun) io.out(format([{ mark: ok ? 'ok' : 'wrong', text: `${entry.host}: ${answer}` }]));
    const isWhole = verbose || notRun !== undefined;
    const below = findings.filter((finding) => isWhole || isWrong(finding));
    const row = (finding: Finding) =>
      (!isWhole && finding === worst ? formatHelp : formatFinding)(finding, format, execOf(entry));
    if (!json) io.out(below.map(row).join(''));
    if (notRun) throw notRun;
    const code = ok ? exitCode.ok : exitCode.connect;
    const isRefused = findings.some(({ state, name }) => state === 'failed' && name === 'credentials');
    if (!json && made && isRefused) {
      const { undoCommand } = await import('../../keys/refusal.js');
      const trust = `to trust the machine as it is: ${whole(pasteable(undoCommand(made.name, io), io))}`;
      io.out(format([{ text: trust }], 4));
    }
    if (json) io.out(formatJson(guestCheckJson(findings, code)));
    return code;
  },
};

async function endpointOf(target: string, user: string, io: Io, signal: AbortSignal) {
  const { checkTarget } = await import('../../checks/check-target.js');
  const resolving = { ...reachFlags(), until: 'resolved', user, port: undefined } as const;
  return (await checkTarget(target, resolving, io, signal)).means?.endpoint;
}

function madeKeys(madeFor: string | undefined, way: HostFlags | undefined, io: Io): GuestKeys | undefined {
  if (madeFor === undefined) return guestKeysFor({ typed: splitUser(way?.host ?? '').host }, io.env);
  const keys = guestKeysOf(madeFor, io.env);
  if (keys !== undefined) return keys;
  throw new UsageError(`no keys were made for ${quote(madeFor)}`, 'vmssh guest credentials makes them');
}

export type GuestCheckJson = Envelope<'guest check'> & { readonly checks: readonly Finding[] };

export function guestCheckJson(checks: readonly Finding[], exitCode: number): GuestCheckJson {
  return { ...envelope('guest check', exitCode), checks };
}
