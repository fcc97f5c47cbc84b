import { existsSync } from 'node:fs';
import { type Login, splitLogin, splitUser } from '../target/login.js';

/** The programs that vmssh runs. */
export type Tool = 'ssh' | 'scp' | 'sftp' | 'rsync';

/** Where in a tool's arguments a machine is named. */
export interface Operand {
  /** The index of the argument. */
  readonly at: number;
  /** "user@" or "". */
  readonly user: string;
  readonly host: string;
  /** Of an ssh:// form. */
  readonly port?: string | undefined;
  /** ":path" or "". */
  readonly rest: string;
}

export interface ToolArgs {
  readonly operands: readonly Operand[];
  /** Where more options can be put so that those that are there already come first: ssh takes the first of each. */
  readonly optionsAt: number;
  /** Whether the arguments themselves tell who logs in. */
  readonly hasUser: boolean;
  /** Whether they lead over another host. */
  readonly jumps: boolean;
}

/** The options of each tool that take a value: getopt's own list of the newest OpenSSH, and rsync's. */
const valued: Readonly<Record<Tool, string>> = {
  ssh: 'bceilmopBDEFIJLOPQRSWw',
  scp: 'cDFiJlMoPSX',
  sftp: 'bBcDFiJloPRsSX',
  rsync: 'BefMT@',
};

/** rsync's long options whose value may be an argument of its own. */
const valuedLong = new Set(
  `address backup-dir block-size bwlimit checksum-choice checksum-seed chmod chown compare-dest compress-choice
compress-level config contimeout copy-as copy-dest debug dparam early-input exclude exclude-from files-from filter groupmap
iconv include include-from info link-dest log-file log-file-format max-alloc max-delete max-size min-size modify-window
only-write-batch out-format outbuf partial-dir password-file port protocol read-batch remote-option rsh rsync-path
skip-compress sockopts stderr stop-after stop-at suffix temp-dir timeout usermap write-batch`.split(/\s+/),
);

/** What tells a machine's path from one of this host. */
export interface Paths {
  readonly platform: NodeJS.Platform;
  /** Whether a text is a target. */
  readonly isTarget: (text: string) => boolean;
  readonly exists?: (path: string) => boolean;
}

/** Finds the machines in the arguments of a tool, and leaves all else as it is. */
export function findOperands(tool: Tool, args: readonly string[], paths: Paths): ToolArgs {
  const { positions, hasUser, ...found } = walk(tool, args);
  const hosts = tool === 'ssh' || tool === 'sftp' ? positions.slice(0, 1) : positions;
  const operands = hosts.flatMap((at): Operand[] => {
    const text = args[at] ?? '';
    if (tool === 'ssh') return [{ at, ...loginOf(splitLogin(text)), rest: '' }];
    const remote = splitRemote(text, paths);
    if (remote) return [{ at, ...remote }];
    return tool === 'sftp' ? [{ at, ...loginOf(splitUser(text)), rest: '' }] : [];
  });
  return { ...found, operands, hasUser: hasUser || operands.some(({ user }) => user !== '') };
}

/** Whether they ask the tool about itself, which needs no machine: ssh's -V and -Q, rsync's --version. */
export function asksTool(tool: Tool, args: readonly string[]): boolean {
  const question = {
    ssh: /^-[46AaCfGgKkMNnqsTtvXxYy]*[VQ]/,
    rsync: /^(-V|--version)$/,
    scp: undefined,
    sftp: undefined,
  }[tool];
  return (
    question !== undefined &&
    args.some((arg) => question.test(arg)) &&
    walk(tool, args).positions.length === 0
  );
}

// As getopt does it: options come first; ssh takes more between the host and the command.
function walk(tool: Tool, args: readonly string[]): Omit<ToolArgs, 'operands'> & { positions: number[] } {
  const positions: number[] = [];
  let hasUser = false;
  let jumps = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') {
      const rest = [...args.keys()].filter((at) => at > i);
      const optionsAt = tool === 'ssh' ? i : (positions[0] ?? i);
      return { positions: [...positions, ...rest], optionsAt, hasUser, jumps };
    }
    if (!arg.startsWith('-') || arg === '-') {
      positions.push(i);
      if (tool === 'ssh' && positions.length === 2) return { positions, optionsAt: i, hasUser, jumps };
      continue;
    }
    if (arg.startsWith('--')) {
      if (tool === 'rsync' && valuedLong.has(arg.slice(2))) i++;
      continue;
    }
    const at = [...arg].findIndex((letter, index) => index > 0 && valued[tool].includes(letter));
    if (at < 0) continue;
    const value = arg.slice(at + 1) || args[++i] || '';
    if ((tool === 'ssh' && arg[at] === 'l') || (arg[at] === 'o' && /^\s*user[\s=]/i.test(value)))
      hasUser = true;
    if (
      (tool !== 'rsync' && arg[at] === 'J') ||
      (arg[at] === 'o' && /^\s*proxyjump[\s=]+(?!none)/i.test(value))
    )
      jumps = true;
  }
  const optionsAt = tool === 'ssh' ? args.length : (positions[0] ?? args.length);
  return { positions, optionsAt, hasUser, jumps };
}

// "[user@]TARGET:path", of the colons the first that leaves a target in front of it, or "[user@]NAME:path".
function splitRemote(
  text: string,
  { platform, isTarget, exists = existsSync }: Paths,
): Omit<Operand, 'at'> | undefined {
  // On Windows a letter and a colon are a drive, to OpenSSH there as well.
  if (exists(text) || (platform === 'win32' && /^[a-z]:/i.test(text))) return undefined;
  const [, uri] = /^(?:scp|sftp):\/\/(.*)$/is.exec(text) ?? [];
  if (uri !== undefined) return ofUri(uri);
  const { user, host: rest } = loginOf(splitUser(text));
  const colons = [...rest.matchAll(/:/g)].map(({ index }) => index);
  const at = colons.find((index) => isTarget(rest.slice(0, index))) ?? colons[0];
  if (at === undefined || at === 0) return undefined;
  const host = rest.slice(0, at);
  return isTarget(host) || !host.includes('/') ? { user, host, rest: rest.slice(at) } : undefined;
}

// "[user@]NAME[:port][/path]", as scp(1) and sftp(1) have it: the path begins behind the slash.
function ofUri(text: string): Omit<Operand, 'at'> | undefined {
  const [, authority = '', path = ''] = /^([^/]*)(?:\/(.*))?$/s.exec(text) ?? [];
  const { user, host, port } = loginOf(splitLogin(`ssh://${authority}`));
  return host === '' ? undefined : { user, host, port, rest: `:${path}` };
}

function loginOf({ user, host, port }: Login): Omit<Operand, 'at' | 'rest'> {
  return { user: user === undefined ? '' : `${user}@`, host, port };
}
