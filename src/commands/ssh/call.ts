import { UsageError, usage } from '../../cli/command.js';
import { startProgress } from '../../cli/terminal.js';
import { printable, quote } from '../../errors.js';
import { hostKeyAlias } from '../../identity/identity.js';
import { asTarget } from '../../kinds/kinds.js';
import { type lookUp, splitUser } from '../../lookup/login.js';
import type { ListedTarget } from '../../lookup/short-name.js';
import type { Io } from '../../process/io.js';
import { refusesUsers, sshAbilities, sshProgram } from '../../process/ssh-program.js';
import { type OwnOptions, ownArgs } from '../../proxy-args.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import type { Caller, HostOptions } from '../../ssh/config/host-options.js';
import { asksVmssh, hostOptions, whyNoBring } from '../../ssh/config/host-options.js';
import { type MachineLogin, madeLogin } from '../../ssh/config/logins.js';
import { keysByName } from '../../ssh/guest-keys.js';
import { ownKeyFile } from '../../ssh/login-key.js';
import { type SplitArgs, type SshTool, splitArgs, wordsOf } from '../../ssh/split-args.js';
import { checkUserName, isHostName, slug, typedHost } from '../../typed/names.js';
import { type Shell, shellLine, shellOf } from '../../typed/shell.js';
import type { Operand } from './args.js';
import { findOperands, givingOption, namesKeyFiles, optionsNameUser } from './args.js';

export interface SshOptions extends ForProxy {
  readonly args: SplitArgs;
  /** The target itself, if the operand is only a form of it that another program accepts as a host. */
  readonly typed?: string;
  /** The machine as it is called behind the hypervisor of --via. */
  readonly behind?: ((typed: string) => string) | undefined;
  readonly print: boolean;
}

/** The command to run, and our options for the machine in it. */
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
  const { user, host: operand, port } = onlyMachine(tool, all, machines, io);
  const meant = behind(typed ?? operand);
  const progress = await startProgress(io, `looking for ${printable(meant)}`);
  const named = await find(meant, io).finally(() => progress.stop());
  const giving = hostKeyAlias(named) === undefined ? givingOption(tool, all) : undefined;
  if (giving !== undefined)
    throw new UsageError(
      `${quote(giving)} is not for ${quote(named.text)}: it is an address, whose host key is not checked, so anybody who answers there would get it`,
      'use the name of the machine: vmssh list',
    );
  const own = typedHost(meant) ?? hostFor(named);
  // The other tools read a "/" before a ":" as a path.
  const host = tool === 'ssh' ? own : own.replaceAll('/', '%');
  const hasUser = optionsNameUser(tool, all) || machines.some((each) => each.user !== undefined);
  const sshConfig = [...all.before, ...all.after].findLast(({ name }) => name === 'F')?.value;
  const account = await madeLogin(named.machine, io);
  const self = await callerForSsh(io);
  const mayAsk = asksVmssh({ ...self, asksForKeys: !namesKeyFiles(all) });
  // Only then ssh is asked for its version.
  const asksForKeys = mayAsk && (await sshAbilities(io.env, ssh)).asksForKeys;
  const brings = asked === true || account?.brings === true;
  const caller = { ...self, asksForKeys, refusesUsers: brings && (await refusesUsers(io.env, ssh)) };
  const whyNot = whyNoBring(caller);
  if (asked && whyNot) throw new UsageError(...whyNot);
  const bring = brings && whyNot === undefined;
  // Else what ssh asks of vmssh asks that ssh.
  const hostKeys = asksForKeys ? undefined : await usersPolicy(meant, all, io, sshConfig);
  const proxy = { waitMs, routes, start, bring, namesUser: hasUser, hostKeys, typed: meant };
  const settings = await settingsOf(named, account, proxy, caller, io);
  const ported = port === undefined ? settings : [['Port', port] as const, ...settings];
  const options = ported.flatMap(([keyword, value]) => ['-o', `${keyword}=${value}`]);
  const before = wordsOf(args.before);
  const after = wordsOf(args.after);
  const byPlace = new Map(machines.map((each) => [each.at, each]));
  const operands = args.operands.map((text, i) => {
    const each = byPlace.get(i);
    return each ? `${each.user === undefined ? '' : `${each.user}@`}${host}${each.rest}` : text;
  });
  const copy = () => [tool, ...otherSsh(ssh), ...before, ...options, '--', ...operands];
  const command = {
    ssh: () => {
      // ssh uses the first of each setting: those from the machine's operand keep its position.
      const given = [
        ...(user === undefined ? [] : ['-l', user]),
        ...(port === undefined ? [] : ['-p', port]),
      ];
      return [...ssh, ...before, ...given, ...after, ...options, '--', host, ...args.operands.slice(1)];
    },
    scp: copy,
    sftp: copy,
    rsync: () => {
      const given = [...before, ...after];
      // As rsync itself: the last -e counts, and the variable without one.
      const shells = [...(io.env.RSYNC_RSH ? ['-e', io.env.RSYNC_RSH] : []), ...given];
      const shell = remoteShell(shells, caller.program, meant, { waitMs, routes, start, bring });
      return [tool, '-e', shell, ...withoutShell(given), '--', ...operands];
    },
  }[tool]();
  const { target } = named.machine ?? {};
  const whose = user === undefined ? [] : ['--user', user];
  const isSetUp = target === undefined || account?.user !== undefined || brings;
  const setup = isSetUp ? undefined : shellLine(['vmssh', 'setup', ...whose, target], shellOf(io));
  return { command, ssh, options, named, host, setup, asks: asksVmssh(caller) };
}

async function usersPolicy(name: string, { before, after }: SplitArgs, io: Io, configFile?: string) {
  const all = [...before, ...after];
  // What a Match may ask for.
  const flags = all.flatMap(({ name = '', words }) => (['l', 'o', 'p'].includes(name) ? words : []));
  const note = (line: string) => io.err(`${io.program}: ${printable(line)}\n`);
  const { keyPolicy, plainLogin } = await import('../../ssh/policy/key-policy.js');
  return (await keyPolicy(io, { login: plainLogin(name, io, { configFile, flags }), note })).policy;
}

function onlyMachine(tool: SshTool, args: SplitArgs, machines: readonly Operand[], io: Io): Operand {
  const [operand, ...others] = machines;
  refuseJump(tool, args);
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
  { user, identityFile }: Pick<MachineLogin, 'user' | 'identityFile'> = {},
  proxy: ForProxy & Pick<HostOptions, 'hostKeys' | 'typed' | 'namesUser'>,
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

/** The jump host in ssh's options; undefined: none. */
export function jumpHost(tool: SshTool, { before, after }: SplitArgs): string | undefined {
  for (const { name, value = '' } of [...before, ...after]) {
    if (tool !== 'rsync' && name === 'J') return value;
    const [, host] = (name === 'o' && /^\s*proxyjump[\s=]+(?!none)(.*)$/is.exec(value)) || [];
    if (host !== undefined) return host;
  }
  return undefined;
}

/** Refuses -J: a machine is reached from this host, not through another one. Throws a UsageError. */
export function refuseJump(tool: SshTool, args: SplitArgs): void {
  const host = jumpHost(tool, args);
  if (host === undefined) return;
  throw new UsageError(
    '-J names a jump host, but a machine is reached from this host',
    `leave it out; to go through a machine: vmssh config install, and then ${tool} -J ${jumpForm(host) ?? 'NAME'}`,
  );
}

/**
 * A target for ssh's own -J, "root@container%%web": a "/" or ":" would begin a port, and ssh puts the host into a ProxyCommand without
 * escaping its percents. Undefined if there is no such form.
 */
export function jumpForm(text: string): string | undefined {
  const { user, host } = splitUser(text);
  if (asTarget(host) === undefined || /[:\s]/.test(host)) return undefined;
  const form = host.replaceAll('%%', '%').replaceAll(/[/%]/g, '%%');
  return user === undefined ? form : `${user}@${form}`;
}

/** Our options that are for the proxy. */
type ForProxy = Pick<OwnOptions, 'waitMs' | 'routes' | 'start' | 'bring'>;

/**
 * The value of rsync's `-e`. rsync calls it with a form of the target that it accepts as a host; --typed gives the target itself. The
 * options of the user's own `-e 'ssh OPTIONS'` or RSYNC_RSH are kept. Throws a UsageError.
 */
export function remoteShell(
  args: readonly string[],
  self: readonly string[],
  target: string,
  proxy: ForProxy,
): string {
  const given = args.flatMap((arg, i) => givenShell(arg, args[i + 1])?.shell ?? []).at(-1);
  const options = given === undefined ? '' : given.replace(/^\s*\S*ssh(?=\s|$)/, '');
  if (given !== undefined && options === given)
    throw new UsageError(`rsync's -e or RSYNC_RSH has to be ssh and its options here, not ${quote(given)}`);
  // rsync's own quoting: a quote inside quotes is doubled (rsync(1), --rsh).
  const quoted = (word: string) => `'${word.replaceAll("'", "''")}'`;
  const typed = quoted(`--typed=${target}`);
  const ours = ownArgs(proxy).map((word) => ` ${word}`);
  return `${self.map(quoted).join(' ')} ssh ${typed}${ours.join('')}${options}`;
}

/** The arguments without the user's own `-e`, in each of its forms. */
export function withoutShell(args: readonly string[]): readonly string[] {
  const left: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const found = givenShell(arg, args[i + 1]);
    if (found === undefined) left.push(arg);
    else {
      if (found.flags !== '') left.push(`-${found.flags}`);
      if (found.apart) i++;
    }
  }
  return left;
}

// "-e X", "-aeX", "--rsh X", "--rsh=X".
function givenShell(arg: string, next = ''): { shell: string; flags: string; apart: boolean } | undefined {
  const long = /^--rsh(?:=(.*))?$/s.exec(arg);
  if (long) return { shell: long[1] ?? next, flags: '', apart: long[1] === undefined };
  const [match, flags = '', value = ''] = /^-([^-BfMT@e]*)e(.*)$/s.exec(arg) ?? [];
  if (match === undefined) return undefined;
  return { shell: value || next, flags, apart: value === '' };
}

/**
 * The target in a form that every tool accepts as a host: "%" for "/", no colon, nothing that ssh refuses. Without one, the machine's UUID or
 * the slug of its name. Throws a UsageError if these are none either.
 */
function hostFor({ text, machine }: ListedTarget): string {
  const host = text.replace(/^(vsock|unix|vsock-mux):([^:]*)$/i, '$1%$2').replaceAll('/', '%');
  const id = host.includes(':') ? machine?.uuid : undefined;
  const forms = [host, id, slug(machine?.name ?? text), machine?.uuid];
  const form = forms.find((each) => each !== undefined && isHostName(each));
  if (form !== undefined) return form;
  throw new UsageError(`ssh accepts no form of ${quote(text)} for a host`, 'give the machine another name');
}
