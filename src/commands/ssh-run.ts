import { spawn } from 'node:child_process';
import { existsSync, constants as fsConstants } from 'node:fs';
import { access } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { slug } from '../discovery/match-found.js';
import { ConnectError, exitCode, printable, quote } from '../errors.js';
import { loadAddon } from '../native.js';
import type { NamedTarget } from '../resolve/short-name.js';
import { type HostOptions, hostOptions } from '../ssh/host-options.js';
import { hostKeyAlias, isNamed } from '../ssh/identity.js';
import { knownHostsFile } from '../ssh/known-hosts-file.js';
import { parseTarget } from '../target/parse.js';
import { type Io, UsageError } from './command.js';
import { startProgress } from './spinner.js';
import { lookUp, type SshOptions } from './ssh.js';
import { findOperands, type Operand, type Tool, type ToolArgs } from './ssh-args.js';
import { changedKey } from './ssh-changed-key.js';
import { remoteShell, withoutShell } from './ssh-rsync.js';
import { styles } from './style.js';

/** What is run, and with which options in it: ours for the machine. */
export interface ToolCall {
  readonly command: readonly string[];
  /** The ssh that is meant. */
  readonly ssh: readonly string[];
  /** "-o" and its values. */
  readonly options: readonly string[];
  readonly named: NamedTarget;
  /** How ssh is given the machine. */
  readonly host: string;
}

/** Runs the tool to its end. Resolves to its exit code; 128 and the signal's number where one ended it. */
export async function runTool(tool: Tool, options: SshOptions, io: Io): Promise<number> {
  const call = await prepare(tool, options, io, lookUp);
  if (options.print) {
    io.out(`${call.command.map(shellQuoted).join(' ')}\n`);
    return exitCode.ok;
  }
  // ssh makes its own folder alone, and only where it knows the file to lie in it.
  await (await import('../ssh/replace-file.js')).makeFolder(dirname(knownHostsFile(io.env)));
  const code = await run(call.command, io);
  if (code === 255 && (await changedKey(call, io))) await explainChangedKey(call, io);
  return code;
}

/** The command line of a tool for what was typed. Throws a UsageError or a ConnectError. */
export async function prepare(
  tool: Tool,
  { args, waitSeconds }: SshOptions,
  io: Io,
  find: typeof lookUp,
): Promise<ToolCall> {
  const found = findOperands(tool, args, isTarget);
  const operand = onlyMachine(tool, found);
  const progress = await startProgress(io, `looking for ${printable(operand.host)}`);
  const named = await find(operand.host, io).finally(() => progress.stop());
  const host = hostFor(named);
  const replaced = args.map((arg, i) => {
    const each = found.operands.find(({ at }) => at === i);
    return each ? `${each.user}${host}${each.rest}` : arg;
  });
  const ssh = sshProgram(io);
  const settings = await settingsOf(named, found, waitSeconds, io);
  const options = settings.flatMap(([keyword, value]) => ['-o', `${keyword}=${value}`]);
  const withOptions = replaced.toSpliced(found.optionsAt, 0, ...options);
  const command = {
    ssh: () => [...ssh, ...withOptions],
    scp: () => [tool, ...otherSsh(ssh), ...withOptions],
    sftp: () => [tool, ...otherSsh(ssh), ...withOptions],
    rsync: () => [tool, '-e', remoteShell(args, io.self, waitSeconds), ...withoutShell(replaced)],
  }[tool]();
  return { command, ssh, options, named, host };
}

function onlyMachine(tool: Tool, { operands }: ToolArgs): Operand {
  const [operand, ...others] = operands;
  if (operand === undefined || operand.host === '') {
    const form =
      tool === 'ssh' || tool === 'sftp'
        ? '[user@]TARGET'
        : 'a SOURCE or a destination of the form TARGET:PATH';
    throw new UsageError(`expected ${form} among the arguments of ${tool}`);
  }
  const other = others.find(({ host }) => host !== operand.host);
  if (other)
    throw new UsageError(
      `${tool} copies between this host and one machine here, not between ${quote(operand.host)} and ${quote(other.host)}`,
    );
  return operand;
}

async function settingsOf(named: NamedTarget, found: ToolArgs, waitSeconds: number | undefined, io: Io) {
  const { machine, target, text } = named;
  const keeps = isNamed(target);
  const key = machine?.identityFile;
  const options: HostOptions = {
    ...{ program: io.self, platform: io.platform, target: text, waitSeconds },
    fdpass: io.platform !== 'win32' && loadAddon().addon !== undefined,
    knownHosts: keeps ? knownHostsFile(io.env) : undefined,
    hostKeyAlias: keeps ? ((machine && hostKeyAlias(machine)) ?? hostFor(named)) : undefined,
    user: found.hasUser ? undefined : machine?.user,
    identityFile: key !== undefined && (await isReadable(key)) ? key : undefined,
  };
  try {
    return hostOptions(options);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

/**
 * The target as every tool takes it for a host: "%" for "/", no colon, and nothing that ssh refuses in a host name. Where
 * there is no such form, a machine's UUID or the slug of its name.
 */
function hostFor({ text, machine }: NamedTarget): string {
  const host = text.replace(/^(vsock|unix|vsock-mux):([^:]*)$/i, '$1%$2').replaceAll('/', '%');
  if (/^[^-\s\p{C}:'"`$\\;&<>|(){},][^\s\p{C}:'"`$\\;&<>|(){},]*$/u.test(host)) return host;
  return host.includes(':') && machine?.uuid !== undefined ? machine.uuid : slug(machine?.name ?? text);
}

function isTarget(text: string): boolean {
  try {
    parseTarget(text);
    return true;
  } catch (error) {
    if (error instanceof ConnectError) return false;
    throw error;
  }
}

/** VMSSH_SSH, or HV_SSH_COMMAND as hvc has it: a program's path, or a program and its options parted by spaces. */
function sshProgram({ env }: Io): readonly string[] {
  const own = env.VMSSH_SSH || env.HV_SSH_COMMAND;
  if (!own) return ['ssh'];
  return existsSync(own) ? [own] : own.trim().split(/\s+/);
}

function otherSsh([program = 'ssh', ...rest]: readonly string[]): readonly string[] {
  if (rest.length > 0)
    throw new UsageError('VMSSH_SSH may hold options for vmssh ssh alone; scp and sftp take a program');
  return program === 'ssh' ? [] : ['-S', program];
}

function isReadable(path: string): Promise<boolean> {
  return access(path, fsConstants.R_OK).then(
    () => true,
    () => false,
  );
}

function run([program = '', ...args]: readonly string[], io: Io): Promise<number> {
  // A terminal sends Ctrl-C to the tool too, which decides.
  io.ignoreInterrupts();
  const child = spawn(program, args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'it is not installed, or not in PATH' : error.message;
      reject(new UsageError(`${quote(program)} could not be run: ${why}`));
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

async function explainChangedKey({ named }: ToolCall, io: Io): Promise<void> {
  const style = await styles(io, 'stderr');
  const name = printable(named.text);
  io.err(
    `${style.red(`${io.program}:`)} the host key of ${quote(named.text)} is another one than before: the machine was installed anew, or another one answers for it\n${style.dim('hint:')} if that is as it should be: vmssh forget ${shellQuoted(name)}\n`,
  );
}

function shellQuoted(word: string): string {
  return /^[\w@+=:,./%-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
