import { type Command, CommandError, type Io, UsageError } from '../../cli/command.js';
import { complain } from '../../cli/message.js';
import { hopHost } from '../../cli/shared-options.js';
import { usage } from '../../cli/values.js';
import { exitCode } from '../../errors.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { version } from '../../version.js';
import { type Placed, place } from './place.js';

export interface ViaHostsArgument {
  readonly hosts: readonly string[];
}

const said: Readonly<Record<Placed, string>> = {
  pushed: `vmssh ${version} is in ~/.local/bin now`,
  same: 'it has this vmssh already',
  removed: 'vmssh was removed',
  absent: 'there is no vmssh in ~/.local/bin',
};

/** vmssh via push HOST…: puts the executable on other hypervisors. */
export const viaPush: Command<ViaHostsArgument> = {
  name: 'via push',
  summary: 'put this vmssh into ~/.local/bin of other hypervisors',
  usage: 'HOST...',
  details: `HOST is as in ssh HOST. The executable needs no root and nothing else there; it arrives whole or not at all, and is tried before it gets its name.
A ~/.local/bin/vmssh that was not put there by this command is not touched.`,
  options: [],
  examples: [
    { line: 'vmssh via push hv1 hv2', about: 'then vmssh list --via hv1,hv2, and ssh via/hv1/mint by name' },
  ],
  parse: (raw) => hostsOf(raw.positionals),

  async run({ hosts }, io) {
    const { program } = await callerForSsh(io);
    const [path, script] = program;
    if (path === undefined || script !== undefined || io.platform !== 'linux')
      throw new CommandError(
        'UNSUPPORTED',
        'only the executable for Linux can be put elsewhere, and it is not here',
        'npm run build',
      );
    return onEach(hosts, (host) => place(host, 'push', path, io), io);
  },
};

/** vmssh via remove HOST…: removes what via push put there. */
export const viaRemove: Command<ViaHostsArgument> = {
  name: 'via remove',
  summary: 'remove what via push put on other hypervisors',
  usage: 'HOST...',
  options: [],
  examples: [{ line: 'vmssh via remove hv1', about: 'take it back' }],
  parse: (raw) => hostsOf(raw.positionals),
  run: ({ hosts }, io) => onEach(hosts, (host) => place(host, 'remove', undefined, io), io),
};

function hostsOf(hosts: readonly string[]): ViaHostsArgument {
  if (hosts.length === 0) throw new UsageError('expected one or more hosts, got nothing');
  return { hosts: usage(() => hosts.map(hopHost)) };
}

/** One after the other: ssh may ask its user. */
async function onEach(
  hosts: readonly string[],
  work: (host: string) => Promise<Placed>,
  io: Io,
): Promise<number> {
  let code: number = exitCode.ok;
  for (const host of hosts) {
    try {
      io.out(`${host}: ${said[await work(host)]}\n`);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      await complain(error.message, error.hint, io);
      code = exitCode.connect;
    }
  }
  return code;
}
