import { type Command, CommandError, type Io, type RawArgs, UsageError } from '../../cli/command.js';
import { type Envelope, envelope, type FailureJson, formatJson, jsonOption } from '../../cli/json.js';
import { complain } from '../../cli/message.js';
import { textOption, usage } from '../../cli/option.js';
import { exitCode } from '../../errors.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { hopHost } from '../../target/names.js';
import { version } from '../../version.js';
import { executableAt, type Placed, push, remove } from './place.js';

interface PlaceOptions {
  readonly hosts: readonly string[];
  readonly json: boolean;
}

interface PushOptions extends PlaceOptions {
  /** What to put there, if it was named. */
  readonly file: string | undefined;
}

const fileOption = textOption({
  long: 'executable',
  value: 'FILE',
  summary: 'put this executable there, from a package for another processor',
});

const said: Readonly<Record<Placed, string>> = {
  pushed: `vmssh ${version} is in ~/.local/bin now`,
  same: 'it has this vmssh already',
  removed: 'vmssh was removed',
  absent: 'there is no vmssh in ~/.local/bin',
};

/** vmssh via push HOST…: puts the executable on other hypervisors. */
export const viaPush: Command<PushOptions> = {
  name: 'via push',
  summary: 'put this vmssh into ~/.local/bin of other hypervisors',
  usage: 'HOST...',
  details: `HOST is as in ssh HOST. The executable needs no root and nothing else there. It arrives complete or not at all, and is run once before it gets its name.
A HOST with another processor gets the executable for it, if that is next to this one, as with npm or after a build.
A ~/.local/bin/vmssh that was not put there by this command is not touched.`,
  options: [fileOption, jsonOption],
  examples: [
    { line: 'vmssh via push hv1 hv2', about: 'then vmssh list --via hv1,hv2, and ssh via/hv1/mint by name' },
    {
      line: 'vmssh via push --executable vmssh-*-linux-arm64/bin/vmssh pi',
      about: 'a host with another processor',
    },
  ],
  parse: (raw) => ({ ...optionsOf(raw), file: fileOption.read(raw) }),

  async run(options, io) {
    const { file } = options;
    if (file !== undefined) {
      const named = executableAt(file);
      return onEach('via push', options, (host) => push(host, named, false, io), io);
    }
    const { program } = await callerForSsh(io);
    const [path, script] = program;
    if (path === undefined || script !== undefined || io.platform !== 'linux')
      throw new CommandError(
        'UNSUPPORTED',
        'only the executable for Linux can be pushed, and there is none here',
        'npm run build, or name one: vmssh via push --executable FILE',
      );
    const own = executableAt(path);
    return onEach('via push', options, (host) => push(host, own, true, io), io);
  },
};

/** vmssh via remove HOST…: removes what via push put there. */
export const viaRemove: Command<PlaceOptions> = {
  name: 'via remove',
  summary: 'remove what via push put on other hypervisors',
  usage: 'HOST...',
  options: [jsonOption],
  examples: [{ line: 'vmssh via remove hv1', about: 'remove it' }],
  parse: (raw) => optionsOf(raw),
  run: (options, io) => onEach('via remove', options, (host) => remove(host, io), io),
};

function optionsOf(raw: RawArgs): PlaceOptions {
  const { positionals } = raw;
  if (positionals.length === 0) throw new UsageError('expected one or more hosts, got nothing');
  return { hosts: usage(() => positionals.map(hopHost)), json: jsonOption.read(raw) };
}

/** One after the other: ssh may ask its user. */
async function onEach(
  command: 'via push' | 'via remove',
  { hosts, json }: PlaceOptions,
  work: (host: string) => Promise<Placed>,
  io: Io,
): Promise<number> {
  const results: PlacedJson[] = [];
  for (const host of hosts) {
    try {
      const outcome = await work(host);
      results.push({ host, ok: true, outcome });
      if (!json) io.out(`${host}: ${said[outcome]}\n`);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const { code, message: problem, hint } = error;
      results.push({ host, ok: false, error: { target: host, code, problem, hint } });
      await complain(problem, hint, io);
    }
  }
  const code = results.every(({ ok }) => ok) ? exitCode.ok : exitCode.connect;
  const result: PlaceJson = { ...envelope(command, code), results };
  if (json) io.out(formatJson(result));
  return code;
}

/** What `vmssh via push --json` and `via remove --json` print. */
export interface PlaceJson extends Envelope<'via push' | 'via remove'> {
  readonly results: readonly PlacedJson[];
}

/** What happened on one hypervisor. */
interface PlacedJson {
  readonly host: string;
  readonly ok: boolean;
  readonly outcome?: Placed;
  readonly error?: FailureJson;
}
