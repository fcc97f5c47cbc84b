import { dirname, join } from 'node:path';
import { exitCode, printable, quote } from '../../base/errors.js';
import { tilde } from '../../base/runtime.js';
import type { Command, Read } from '../../cli/command.js';
import { CommandError, flag, positionals, readAll, UsageError, verbose } from '../../cli/command.js';
import { pasteable } from '../../cli/failure.js';
import { type Envelope, envelope, formatJson, jsonOption } from '../../cli/json.js';
import type { Row } from '../../cli/rows.js';
import { fileAt } from '../../hosts/files.js';
import { dryRunOption } from '../../hosts/options.js';
import { configFiles } from '../../hosts/places.js';
import type { Plan } from '../../hosts/plan.js';
import { carryOut, say } from '../../hosts/write.js';
import type { Io } from '../../process/io.js';
import { type OutsideLine, outsideFiles, outsideLines, parseSources } from '../../sources/outside/file.js';
import type { ShippedSource } from '../../sources/outside/shipped.js';
import { ownEnv } from '../../sources/trusted-env.js';
import { ownerOf, signed } from '../../ssh/config/file.js';
import { setAside, shellOf } from '../../typed/shell.js';

interface ListedSource {
  readonly name: string;
  readonly state: 'available' | 'added' | 'own';
  readonly about: string;
}
export type SourceListJson = Envelope<'source list'> & { readonly sources: readonly ListedSource[] };

export const sourceList: Command<{ readonly json: boolean }> = {
  name: 'source list',
  summary: 'list the sources of sandboxes that vmssh has, and your own',
  usage: '',
  options: [jsonOption],
  examples: {
    'vmssh source list': 'NAME, STATE (available, added, or own: of your sources.json), and what it lists',
  },

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return { json: jsonOption.read(raw) };
  },

  async run({ json }, io) {
    const { aboutSource, shippedSources } = await import('../../sources/outside/shipped.js');
    const { lines } = outsideLines(io.env);
    const isAdded = ({ name, file, command }: OutsideLine) => command[1] === programBeside(file, name);
    const added = lines.filter(isAdded).map(({ name }) => name);
    const own = lines.filter((line) => !isAdded(line));
    const sources = [
      ...[...shippedSources].map(([name, shipped]): ListedSource => {
        return { name, state: added.includes(name) ? 'added' : 'available', about: aboutSource(shipped) };
      }),
      ...own.map(({ name, command }): ListedSource => ({ name, state: 'own', about: command.join(' ') })),
    ];
    const result: SourceListJson = { ...envelope('source list', exitCode.ok), sources };
    if (json) io.out(formatJson(result));
    else if (!io.terminal.stdout)
      for (const { name, state, about } of sources) io.out(`${name}\t${state}\t${printable(about)}\n`);
    else {
      const rows = sources.map(({ name, state, about }): Row => {
        const isNew = state === 'available';
        return { mark: isNew ? 'none' : 'ok', name, text: isNew ? about : `${state}: ${about}` };
      });
      await say(rows, io);
    }
    return exitCode.ok;
  },
};

const changeOptions = {
  dryRun: dryRunOption,
  yes: flag({ long: 'yes', short: 'y', summary: 'do not ask' }),
  verbose: verbose('show both files whole, as in a pipe'),
};
type Changing = Command<Read<typeof changeOptions> & { readonly name: string }>;
type Words = Pick<Changing, 'name' | 'summary' | 'details' | 'examples'>;

export const sourceAdd = changing(true, {
  name: 'source add',
  summary: 'add a source of sandboxes that vmssh has: its program, and its line in sources.json',
  details: `It says which files change, asks once, and writes them into ~/.config/vmssh/; the other lines of sources.json stay. Run it again when vmssh is newer. It
changes no program that you edited, and no line of yours. -v shows both files whole. With --dry-run it exits 1 if something would change.`,
  examples: {
    'vmssh source add msb': 'then vmssh config install, and ssh msb/web: a sandbox of microsandbox',
    'vmssh source add --yes sbx': 'in a script',
  },
});

export const sourceRemove = changing(false, {
  name: 'source remove',
  summary: 'remove what vmssh source add wrote; known host keys are kept',
  examples: { 'vmssh source remove msb': 'its line and its program, if you edited neither' },
});

function changing(adds: boolean, words: Words): Changing {
  return {
    ...words,
    usage: 'SOURCE',
    options: Object.values(changeOptions),
    parse: (raw) => ({ name: positionals(raw, 1, 1, 'SOURCE')[0] ?? '', ...readAll(raw, changeOptions) }),

    async run({ name, dryRun, yes, verbose }, io) {
      const { aboutSource, shippedSources } = await import('../../sources/outside/shipped.js');
      const shipped = shippedSources.get(name);
      if (shipped === undefined)
        throw new UsageError(`vmssh has no source ${quote(name)}`, 'vmssh source list');
      const plan = () => planSource(name, shipped, adds, io);
      const planned = await plan();
      const isShort = io.terminal.stdout && !verbose && planned.changes.length > 0;
      if (isShort) await say(fileRows(planned, adds, name, aboutSource(shipped), io), io);
      const code = isShort
        ? exitCode.connect
        : await (await import('../../hosts/show.js')).showPlan(planned, io);
      if (dryRun) return code;
      if (planned.changes.length > 0 && !yes) {
        const { mayCarryOut } = await import('../../machines/picker.js');
        if (!(await mayCarryOut(io))) return exitCode.interrupted;
      }
      const done = await carryOut(plan, io);
      const next = `vmssh check ${name} tries it; vmssh config install makes it ssh ${name}/NAME\n`;
      if (adds && done.code === exitCode.ok) io.out(pasteable(next, io));
      return done.code;
    },
  };
}

/** A row a file. */
function fileRows({ changes, files }: Plan, adds: boolean, source: string, about: string, { env }: Io) {
  const rows = changes.map(({ path }): Row => {
    const text = path === files.own ? `its line ${source}` : about;
    return { mark: adds ? 'add' : 'remove', name: tilde(path, env), text };
  });
  return [...rows, { text: 'Line by line: -v' }];
}

function programBeside(file: string, name: string): string {
  return join(dirname(file), `${name}.sh`);
}

/** What adds a source with this program, or without one removes it. Throws a CommandError if that would change what vmssh did not write. */
async function planSource(name: string, shipped: ShippedSource, adds: boolean, io: Io): Promise<Plan> {
  const text = adds ? signed(shipped.text, 'source') : undefined;
  const [file, ofRoot] = outsideFiles(io.env, undefined, io.platform);
  if (file === undefined || ofRoot === undefined)
    throw new CommandError('UNSUPPORTED', 'sources are for Linux and macOS, and for a user with a HOME');
  const program = programBeside(file, name);
  const refusal = (path: string, why: string, hint: string) =>
    new CommandError('NOT_OURS', `${quote(path)} ${why}, and is not changed`, hint);
  const [listed, written] = [await fileAt(file), await fileAt(program)];
  const owner = ownerOf(written.text);
  if (owner === 'foreign' || owner === 'edited') {
    const why = owner === 'edited' ? 'was edited since vmssh wrote it' : 'was not written by vmssh';
    const again = `vmssh source ${text === undefined ? 'remove' : 'add'} ${name}`;
    throw refusal(program, why, setAside(program, again, shellOf(io)));
  }
  const broken = outsideLines(io.env, true).problems.find((each) => each.file === file);
  const why = broken ? `cannot be used: ${broken.problem}` : listed.byHand;
  if (why !== undefined) throw refusal(file, why, 'docs/sources.md has its format');
  const { sources, ...rest } = parseSources(listed.text ?? '{ "version": 1, "sources": {} }');
  const { [name]: now, ...others } = sources;
  // A source's rows name users, which count only with a folder for keys.
  const { find, keysInHome } = shipped;
  const folder = keysInHome ? (ownEnv(io.env).HOME ?? '/') : dirname(file);
  const line = { command: ['/bin/sh', program], ...(find && { find }), start: true, folder };
  if (now !== undefined && JSON.stringify(now) !== JSON.stringify(line))
    throw refusal(file, `has another source ${quote(name)}`, 'remove that line, and run it again');
  const left = text === undefined ? others : { ...others, [name]: line };
  const isSame = (text === undefined) === (now === undefined);
  const json = Object.keys(left).length === 0 ? undefined : { ...rest, sources: left };
  const after = json && `${JSON.stringify(json, undefined, 2)}\n`;
  const changes = [
    { path: program, before: written.text, after: text, mode: 0o600 },
    { path: file, before: listed.text, after: isSame ? listed.text : after, mode: 0o600 },
  ].filter((each) => each.before !== each.after);
  return {
    // No line ever names a program that is not there.
    changes: text === undefined ? changes.toReversed() : changes,
    files: { ...configFiles({ system: false }, io), own: file, state: program },
  };
}
