import { printable, quote } from '../../base/errors.js';
import { madeLogin } from '../../book/logins.js';
import { hostIn } from '../../book/names.js';
import { textsIn, writtenState } from '../../book/state.js';
import { UsageError, usage } from '../../cli/command.js';
import { startProgress } from '../../cli/terminal.js';
import { guestKeysFor, keysByName } from '../../keys/guest-keys.js';
import { hostKeyAlgorithms, ownKeyFile } from '../../keys/login-key.js';
import { asTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { refusesUsers, sshAbilities, sshProgram } from '../../process/ssh-program.js';
import type { lookUp } from '../../reach/login.js';
import type { ListedTarget } from '../../reach/short-name.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import type { Caller, HostOptions } from '../../ssh/config/host-options.js';
import { asksVmssh, hostOptions, whyNoBring } from '../../ssh/config/host-options.js';
import { type SplitArgs, type SshTool, splitArgs, type ToolOption, wordsOf } from '../../ssh/split-args.js';
import { checkUserName, isHostName, matchesPattern, slug, typedHost } from '../../typed/names.js';
import { type OwnOptions, ownArgs } from '../../typed/proxy-args.js';
import { type Shell, shellLine, shellOf } from '../../typed/shell.js';
import type { Operand } from './args.js';
import { findOperands, givingOption, namesJump, namesKeyFiles, optionsNameUser } from './args.js';

export interface SshOptions extends ForProxy {
  readonly args: SplitArgs;
  /** The target itself, if the operand is only a form of it that another program accepts as a host. */
  readonly typed?: string;
  readonly behind?: ((typed: string) => string) | undefined;
  readonly print: boolean;
}

export interface ToolCall {
  readonly command: readonly string[];
  readonly ssh: readonly string[];
  /** "-o" and its values. */
  readonly options: readonly string[];
  readonly named: ListedTarget;
  /** Whether ssh asks vmssh for the host key. */
  readonly asks: boolean;
  readonly host: string;
  /** What puts a key into a machine that has no login of its own yet. */
  readonly setup?: string | undefined;
}

/** A tool's command line for the typed arguments. Throws a UsageError or a ConnectError. */
export async function prepare(
  tool: SshTool,
  { args, waitMs, routes, start, bring: asked, typed, behind = (host) => host }: SshOptions,
  io: Io,
  find: typeof lookUp,
): Promise<ToolCall> {
  const isTarget = (text: string) => asTarget(text) !== undefined;
  const machines = findOperands(tool, args.operands, { platform: io.platform, isTarget });
  const ssh = sshProgram(io);
  // Of each option ssh takes the first, also those of VMSSH_SSH: with rsync the ssh that it starts reads them.
  const chosen = tool === 'rsync' ? [] : splitArgs('ssh', ssh.slice(1)).before;
  const all = { ...args, before: [...chosen, ...args.before] };
  const operand = onlyMachine(tool, all, machines, io);
  const meant = behind(typed ?? operand.host);
  const progress = await startProgress(io, `looking for ${printable(meant)}`);
  const named = await find(meant, io).finally(() => progress.stop());
  const own = typedHost(meant) ?? hostFor(named);
  // The other tools read a "/" before a ":" as a path.
  const host = tool === 'ssh' ? own : own.replaceAll('/', '%');
  const account = await madeLogin(named.machine, io);
  const brings = asked === true || account?.brings === true;
  const { caller, whyNot } = await callerOf(ssh, all, brings, io);
  if (asked && whyNot) throw new UsageError(...whyNot);
  const bring = brings && whyNot === undefined;
  const { lookedUp, throwaway } = await asInLines(named, meant, io);
  const namesUser = optionsNameUser(tool, all) || machines.some((machine) => machine.user !== undefined);
  if (throwaway) refuseGiving(tool, all, named);
  const proxy = { waitMs, routes, start, bring, namesUser, typed: meant, lookedUp, throwaway };
  const settings = await settingsOf(named, account, proxy, caller, io);
  const port = operand.port === undefined ? [] : [['Port', operand.port] as const];
  // rsync's ssh comes with `typed`.
  const isForFiles = tool !== 'ssh' || typed !== undefined;
  const options = [...port, ...(isForFiles ? bytesOnly : []), ...settings].flatMap(([keyword, value]) => [
    '-o',
    `${keyword}=${value}`,
  ]);
  const command =
    tool === 'ssh'
      ? sshCall(ssh, args, operand, options, host)
      : [
          tool,
          ...(tool === 'rsync'
            ? ['-e', remoteShell(args, io.env.RSYNC_RSH, caller.program, meant, proxy), ...withoutShell(args)]
            : [...otherSsh(ssh), ...wordsOf(args.before), ...options]),
          '--',
          ...withHost(args.operands, machines, host),
        ];
  const { target } = named.machine ?? {};
  const whose = operand.user === undefined ? [] : ['--user', operand.user];
  const isSetUp = target === undefined || account?.user !== undefined || brings;
  const setup = isSetUp ? undefined : shellLine(['vmssh', 'setup', ...whose, target], shellOf(io));
  return { command, ssh, options, named, host, setup, asks: asksVmssh(caller) };
}

/** Against settings of the user's by which sftp waits without an end, and rsync fails: a terminal, another command, and what is printed. */
const bytesOnly = [
  ['RequestTTY', 'no'],
  ['RemoteCommand', 'none'],
  ['PermitLocalCommand', 'no'],
  ['ExitOnForwardFailure', 'no'],
] as const;

function refuseGiving(tool: SshTool, args: SplitArgs, named: ListedTarget): void {
  const giving = givingOption(tool, args);
  if (giving !== undefined)
    throw new UsageError(
      `${quote(giving)} is not for ${quote(named.text)}: its host key is not checked, by --throwaway, so anybody who answers there would get it`,
      'vmssh config install --no-throwaway has its key checked again',
    );
}

/** What the lines of `config install` say of a machine: the name by which its key is looked up, and whether any is right. */
async function asInLines(named: ListedTarget, typed: string, io: Io) {
  const { text, machine } = named;
  const state = await writtenState(io);
  const target = machine?.target ?? text;
  const { entry, lookedUp } = hostIn(state, target);
  const names = [typed, target, ...(entry ? [entry.host] : [])];
  const isMeant = (pattern: string) => names.some((name) => matchesPattern(name, pattern));
  if (!textsIn(state?.options.throwaway).some(isMeant)) return { lookedUp, throwaway: false };
  const { keysKnown } = await import('../../keys/inbox.js');
  const isKnown = (await keysKnown([named], io.env))(named, entry?.host ?? typed);
  return { lookedUp, throwaway: !isKnown && !guestKeysFor({ ...named, typed }, io.env) };
}

/** How that ssh calls vmssh, and why it cannot log in by an sshd that is brought. */
async function callerOf(ssh: readonly string[], args: SplitArgs, brings: boolean, io: Io) {
  const self = await callerForSsh(io);
  const mayAsk = asksVmssh({ ...self, asksForKeys: !namesKeyFiles(args) });
  // Only then ssh is asked for its version.
  const asksForKeys = mayAsk && (await sshAbilities(io.env, ssh)).asksForKeys;
  const able = brings && {
    refusesUsers: await refusesUsers(io.env, ssh),
    hostKeyAlgorithms: await hostKeyAlgorithms({ host: 'localhost' }, io),
  };
  const caller = { ...self, asksForKeys, ...able };
  return { caller, whyNot: whyNoBring(caller) };
}

/** ssh uses the first of each setting: those from the machine's operand keep its position. */
function sshCall(
  ssh: readonly string[],
  { before, after, operands }: SplitArgs,
  { user, port }: Operand,
  options: readonly string[],
  host: string,
): readonly string[] {
  const given = [...(user === undefined ? [] : ['-l', user]), ...(port === undefined ? [] : ['-p', port])];
  const words = [...wordsOf(before), ...given, ...wordsOf(after), ...options];
  return [...ssh, ...words, '--', host, ...operands.slice(1)];
}

function withHost(operands: readonly string[], machines: readonly Operand[], host: string) {
  return operands.map((text, i) => {
    const { user, rest } = machines.find(({ at }) => at === i) ?? {};
    if (rest === undefined) return text;
    return `${user === undefined ? '' : `${user}@`}${host}${rest}`;
  });
}

function onlyMachine(tool: SshTool, args: SplitArgs, machines: readonly Operand[], io: Io): Operand {
  const [operand, ...others] = machines;
  if (namesJump(tool, args))
    throw new UsageError(
      '-J names a jump host, but a machine is reached from this host',
      `leave it out; to go through a machine: vmssh config install, and then ${tool} -J NAME`,
    );
  if (operand === undefined || operand.host === '') {
    const form =
      tool === 'ssh' || tool === 'sftp'
        ? '[user@]TARGET'
        : 'a SOURCE or a destination of the form TARGET:PATH';
    throw new UsageError(
      `no machine given to ${tool}: expected ${form}`,
      withMachine(tool, args, shellOf(io)),
    );
  }
  const other = others.find(({ host }) => host !== operand.host);
  if (other)
    throw new UsageError(
      `${tool} copies between this host and one machine here, not between ${quote(operand.host)} and ${quote(other.host)}`,
      `vmssh config install, and then plain ${tool}, with the names of both`,
    );
  for (const { user } of machines) if (user !== undefined) usage(() => checkUserName(user));
  return operand;
}

/** What to type to name a machine: the last operand of scp and rsync may be one without its colon. */
function withMachine(tool: SshTool, { before, operands }: SplitArgs, shell: Shell): string | undefined {
  if (tool === 'ssh') return 'vmssh ssh NAME; for the names: vmssh list';
  const last = operands.at(-1);
  if (tool === 'sftp' || operands.length < 2 || last === undefined || /^\.|[:\\]|\/$/.test(last))
    return undefined;
  const words = [tool, ...wordsOf(before), ...operands.slice(0, -1), `${last}:`];
  return `a machine has a colon at its end: vmssh ${shellLine(words, shell)}`;
}

async function settingsOf(
  named: ListedTarget,
  { user, identityFile }: { readonly user?: string; readonly identityFile?: string } = {},
  proxy: ForLines,
  caller: Caller,
  io: Io,
) {
  const options: HostOptions = {
    ...caller,
    ...proxy,
    target: named.text,
    user: proxy.namesUser ? undefined : user,
    identityFile: await ownKeyFile(identityFile),
    ...keysByName(named, io.env),
  };
  return usage(() => hostOptions(options));
}

function otherSsh([program = 'ssh', ...rest]: readonly string[]): readonly string[] {
  if (rest.length > 0)
    throw new UsageError(
      'only vmssh ssh takes options from VMSSH_SSH; for scp and sftp it must name a program',
    );
  return program === 'ssh' ? [] : ['-S', program];
}

type ForProxy = Pick<OwnOptions, 'waitMs' | 'routes' | 'start' | 'bring'>;
type ForLines = ForProxy & Pick<HostOptions, 'typed' | 'namesUser' | 'lookedUp' | 'throwaway'>;

/** The value of rsync's `-e`, with the options of the user's own last `-e` or of `variable`. Throws a UsageError. */
export function remoteShell(
  { before, after }: SplitArgs,
  variable: string | undefined,
  self: readonly string[],
  target: string,
  proxy: ForProxy,
): string {
  const given = [...before, ...after].findLast(isShell)?.value ?? (variable || undefined);
  const options = given === undefined ? '' : given.replace(/^\s*\S*ssh(?=\s|$)/, '');
  if (given !== undefined && options === given)
    throw new UsageError(`rsync's -e or RSYNC_RSH has to be ssh and its options here, not ${quote(given)}`);
  // rsync's own quoting: a quote inside quotes is doubled (rsync(1), --rsh).
  const quoted = (word: string) => `'${word.replaceAll("'", "''")}'`;
  // rsync calls it with a form of the target that it accepts as a host.
  const typed = quoted(`--typed=${target}`);
  const ours = ownArgs(proxy).map((word) => ` ${word}`);
  return `${self.map(quoted).join(' ')} ssh ${typed}${ours.join('')}${options}`;
}

/** The options without the user's own `-e`, in each of its forms: "-e X", "-aeX", "--rsh X", "--rsh=X". */
export function withoutShell({ before, after }: SplitArgs): readonly string[] {
  return [...before, ...after].flatMap((option) => {
    const { words } = option;
    if (!isShell(option)) return words;
    const [flags = '-'] = /^-[^-e]+/.exec(words[0] ?? '') ?? [];
    return flags === '-' ? [] : [flags];
  });
}

function isShell({ name }: ToolOption): boolean {
  return name === 'e' || name === 'rsh';
}

/** A form of the target that every tool takes as a host, else the UUID or the slug of its name. Throws a UsageError. */
function hostFor({ text, machine }: ListedTarget): string {
  const host = text.replace(/^(vsock|unix|vsock-mux):([^:]*)$/i, '$1%$2').replaceAll('/', '%');
  const id = host.includes(':') ? machine?.uuid : undefined;
  const forms = [host, id, slug(machine?.name ?? text), machine?.uuid];
  const form = forms.find((each) => each !== undefined && isHostName(each));
  if (form !== undefined) return form;
  throw new UsageError(`ssh accepts no form of ${quote(text)} for a host`, 'give the machine another name');
}
