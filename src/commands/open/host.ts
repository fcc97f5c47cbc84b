import { isHostName } from '../../address/host-name.js';
import { shellOf } from '../../address/shell.js';
import { shellQuoted } from '../../address/shell-word.js';
import { CommandError, type Io } from '../../cli/command.js';
import { sshSettings } from '../../cli/reach/ssh-settings.js';
import { quote } from '../../errors.js';
import { lookUp } from '../../lookup/find-target.js';
import { hostForm } from '../../lookup/host-form.js';
import type { ListedTarget } from '../../lookup/short-name.js';
import { type HostEntry, readState } from '../../ssh/config/state.js';
import { writtenStateFile } from '../../ssh/known-hosts-file.js';
import type { Editor } from './editors.js';

/** What finds a machine, and what ssh says of a host. */
export interface HostDeps {
  readonly find: (typed: string, io: Io) => Promise<ListedTarget>;
  /** The output of ssh -G. */
  readonly settings: (host: string, io: Io) => Promise<string>;
}

const ownDeps: HostDeps = {
  find: lookUp,
  settings: (host, io) => sshSettings({ host }, io),
};

/**
 * The host by which ssh, and so an editor, reaches a machine by vmssh: a Host that was typed, the machine's own, or a form of its
 * target that a pattern matches. Throws a CommandError if ssh's configuration has none, and a ConnectError without such a machine.
 */
export async function hostOf(
  typed: string,
  { title, anyHost }: Pick<Editor, 'title' | 'anyHost'>,
  io: Io,
  { find, settings }: HostDeps = ownDeps,
): Promise<string> {
  const isOurs = async (host: string) => isHostName(host) && reachesByVmssh(await settings(host, io));
  const isTaken = (host: string) => anyHost || plain.test(host);
  if (isTaken(typed) && !/[/%]/.test(typed) && (await isOurs(typed))) return typed;
  const named = await find(typed, io);
  const state = await readState(writtenStateFile(io.env));
  const own = state?.machines.filter((entry) => isSame(entry, named)).map(({ host }) => host) ?? [];
  const form = hostForm(named);
  const hosts = form === undefined ? own : [...own, form];
  for (const host of hosts) if (isTaken(host) && (await isOurs(host))) return host;
  throw new CommandError(
    'NO_HOST',
    `ssh's configuration has no Host for ${quote(typed)}${anyHost ? '' : ` that ${title} takes: letters, digits, dots and dashes`}`,
    // Its own Host is there, and only VS Code and its forks can be given it.
    own.length > 0 && !anyHost
      ? `vmssh open --in code ${shellQuoted(typed, shellOf(io))}`
      : 'vmssh config install',
  );
}

const plain = /^[\w.-]+$/;

/** Whether ssh's settings of a host call `vmssh proxy … TARGET PORT`. */
function reachesByVmssh(settings: string): boolean {
  const [, command = ''] = /^proxycommand (.*)$/m.exec(settings) ?? [];
  return /\bproxy (?:--\S+ (?:["']?%n["']? )?)*\S.* (?:%p|\d+)$/.test(command);
}

function isSame({ target, uuid }: HostEntry, { text, machine }: ListedTarget): boolean {
  return target === text || (uuid !== undefined && uuid === machine?.uuid);
}
