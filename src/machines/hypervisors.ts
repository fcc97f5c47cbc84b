import { dirname, join } from 'node:path';
import { quote } from '../base/errors.js';
import type { RawArgs } from '../cli/command.js';
import { CommandError, parsed, repeated, textOption, UsageError, usage } from '../cli/command.js';
import { readText } from '../files/read-file.js';
import type { Io } from '../process/io.js';
import { ownEnv } from '../sources/trusted-env.js';
import { configFolder } from '../sources/trusted-path.js';
import { sshFolder } from '../ssh/folder.js';
import { hopHost } from '../typed/names.js';

/** The hypervisors to ask, as they were named. */
export interface ViaHosts {
  readonly hosts: readonly string[];
  readonly file?: string;
  readonly group?: string;
}

const hostsOption = repeated(
  {
    long: 'via',
    value: 'HOSTS',
    takes: 'host',
    summary: 'the machines of other hypervisors, as ssh reaches them: hv1,hv2',
  },
  (text) => text.split(',').map(hopHost),
);
const fileOption = textOption({
  long: 'via-file',
  value: 'FILE',
  summary: 'the hypervisors in this file, one per line; [NAME] starts a group, # a comment',
});
const groupOption = parsed(
  {
    long: 'via-group',
    value: 'NAME',
    summary: 'only this group of that file (default ~/.config/vmssh/hypervisors)',
  },
  (text) => {
    if (/^[^\s[\]]+$/.test(text)) return text;
    throw new UsageError(`--via-group takes a name without blanks and brackets, not ${quote(text)}`);
  },
);

export const viaHostsOptions = [hostsOption, fileOption, groupOption];

/** Undefined: none of the options was given. */
export function viaHosts(raw: RawArgs): ViaHosts | undefined {
  const hosts = hostsOption.read(raw).flat();
  const file = fileOption.read(raw);
  const group = groupOption.read(raw);
  return hosts.length === 0 && file === undefined && group === undefined ? undefined : { hosts, file, group };
}

/** All hosts, each once. Throws a CommandError if the file cannot be read or has none, a UsageError if it has another text. */
export async function readViaHosts({ hosts, file, group }: ViaHosts, io: Io): Promise<readonly string[]> {
  if (file === undefined && group === undefined) return [...new Set(hosts)];
  const path = file ?? ownList(io);
  const text = await readText(path).catch(({ code, message }: NodeJS.ErrnoException) => {
    const hint = 'write one host per line, as in ssh HOST; [NAME] starts a group';
    throw new CommandError(code ?? 'EIO', `${quote(path)} cannot be read: ${code ?? message}`, hint);
  });
  const groups = groupsOf(text, path);
  const listed = group === undefined ? [...groups.values()].flat() : groups.get(group);
  if (listed === undefined) {
    const known = [...groups.keys()].filter((name) => name !== '');
    const hint = known.length === 0 ? 'it has no line such as [NAME]' : `its groups are ${known.join(', ')}`;
    throw new CommandError('NOT_FOUND', `${quote(path)} has no group ${quote(group ?? '')}`, hint);
  }
  return [...new Set([...hosts, ...listed])];
}

function ownList({ env, platform }: Io): string {
  const home = dirname(sshFolder(ownEnv(env), platform));
  return join(configFolder(env, home), 'vmssh/hypervisors');
}

/** By name; "" has those above the first group. Throws a UsageError. */
function groupsOf(text: string, path: string): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>([['', []]]);
  let current = '';
  for (const [at, line] of text.split('\n').entries()) {
    const word = line.replace(/#.*/, '').trim();
    const [, name] = /^\[([^\s[\]]+)\]$/.exec(word) ?? [];
    if (name !== undefined) {
      current = name;
      groups.set(name, groups.get(name) ?? []);
    } else if (word !== '') {
      try {
        groups.get(current)?.push(usage(() => hopHost(word)));
      } catch (error) {
        throw new UsageError(`${quote(path)}, line ${at + 1}: ${(error as Error).message}`);
      }
    }
  }
  return groups;
}

/** Runs a command on what was typed, with one login to each hypervisor on the way where its ssh asks something. */
export async function withOneLogin<T>(
  typed: readonly string[],
  io: Io,
  work: (io: Io) => Promise<T>,
): Promise<T> {
  const { hopsTo } = await import('../book/same.js');
  const hops = await hopsTo(typed, io);
  if (hops.length === 0) return work(io);
  const { sharingLogins } = await import('../connect/via/shared-login.js');
  return sharingLogins(hops, io, (env) => work({ ...io, env }));
}
