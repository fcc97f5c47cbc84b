import { existsSync } from 'node:fs';
import { type Login, splitLogin, splitUser } from '../../reach/login.js';
import { givesAway } from '../../ssh/config/host-options.js';
import type { SplitArgs, SshTool, ToolOption } from '../../ssh/split-args.js';

export interface Operand extends Login {
  readonly at: number;
  /** ":path" or "". */
  readonly rest: string;
}

export interface Paths {
  readonly platform: NodeJS.Platform;
  readonly isTarget: (text: string) => boolean;
  readonly exists?: (path: string) => boolean;
}

export function findOperands(tool: SshTool, operands: readonly string[], paths: Paths): readonly Operand[] {
  if (tool === 'ssh') return operands.slice(0, 1).map((text, at) => ({ at, ...splitLogin(text), rest: '' }));
  const places = tool === 'sftp' ? operands.slice(0, 1) : operands;
  return places.flatMap((text, at): Operand[] => {
    const remote = splitRemote(text, paths);
    if (remote) return [{ at, ...remote }];
    return tool === 'sftp' ? [{ at, ...splitUser(text), rest: '' }] : [];
  });
}

export function optionsNameUser(tool: SshTool, { before, after }: SplitArgs): boolean {
  return [...before, ...after].some(
    (option) => (tool === 'ssh' && option.name === 'l') || sets(option, /^\s*user[\s=]/i),
  );
}

export function namesJump(tool: SshTool, { before, after }: SplitArgs): boolean {
  return [...before, ...after].some(
    (option) => (tool !== 'rsync' && option.name === 'J') || sets(option, /^\s*proxyjump[\s=]+(?!none)/i),
  );
}

/** Whether the user's own options say from where ssh takes host keys: it then does not ask vmssh. */
export function namesKeyFiles({ before, after }: SplitArgs): boolean {
  return [...before, ...after].some((option) =>
    sets(option, /^\s*(userknownhostsfile|globalknownhostsfile|knownhostscommand)[\s=]/i),
  );
}

/** The first option that gives the machine the use of the user's agent, screen or local commands; undefined: none does. */
export function givingOption(tool: SshTool, { before, after }: SplitArgs): string | undefined {
  const flags = {
    ssh: /^-[46AaCfGgKkMNnqsTtvVXxYy]*[AXY]/,
    scp: /^-[346ABCOpqRrTv]*A/,
    sftp: /^-[46AaCfNpqrv]*A/,
  };
  const giving = [...before, ...after].find(({ name, value = '', words }) => {
    const [, keyword, to] = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*)$/s.exec(value) ?? [];
    if (name === 'o' && keyword !== undefined && givesAway(keyword, to ?? '')) return true;
    return tool !== 'rsync' && flags[tool].test(words[0] ?? '');
  });
  return giving?.words.join(' ');
}

function sets({ name, value = '' }: ToolOption, keyword: RegExp): boolean {
  return name === 'o' && keyword.test(value);
}

/** Whether the options only ask about the tool itself, without a machine: ssh's -V and -Q, rsync's --version. */
export function asksTool(tool: SshTool, { before, operands }: SplitArgs): boolean {
  const question = {
    ssh: /^-[46AaCfGgKkMNnqsTtvXxYy]*[VQ]/,
    rsync: /^(-V|--version)$/,
    scp: undefined,
    sftp: undefined,
  }[tool];
  return operands.length === 0 && before.some(({ words: [word = ''] }) => question?.test(word));
}

// "[user@]TARGET:path", split at the first colon that leaves a target before it, or "[user@]NAME:path".
function splitRemote(
  text: string,
  { platform, isTarget, exists = existsSync }: Paths,
): Omit<Operand, 'at'> | undefined {
  // On Windows a letter and a colon are a drive, for OpenSSH too.
  if (exists(text) || (platform === 'win32' && /^[a-z]:/i.test(text))) return undefined;
  const [, uri] = /^(?:scp|sftp):\/\/(.*)$/is.exec(text) ?? [];
  if (uri !== undefined) return ofUri(uri);
  const { user, host: rest } = splitUser(text);
  const colons = [...rest.matchAll(/:/g)].slice(0, maxColons).map(({ index }) => index);
  const at = colons.find((index) => isTarget(rest.slice(0, index))) ?? colons[0];
  if (at === undefined || at === 0) return undefined;
  const host = rest.slice(0, at);
  return isTarget(host) || !host.includes('/')
    ? { user, host, port: undefined, rest: rest.slice(at) }
    : undefined;
}

/** More than a target can have, hvsock:VMID:SERVICEID: each colon is tried, and a text may have a hundred thousand. */
const maxColons = 8;

// "[user@]NAME[:port][/path]", as in scp(1) and sftp(1): the path begins after the slash.
function ofUri(text: string): Omit<Operand, 'at'> | undefined {
  const [, authority = '', path = ''] = /^([^/]*)(?:\/(.*))?$/s.exec(text) ?? [];
  const login = splitLogin(`ssh://${authority}`);
  return login.host === '' ? undefined : { ...login, rest: `:${path}` };
}
