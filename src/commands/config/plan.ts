import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shellOf } from '../../address/shell.js';
import { setAside } from '../../address/shell-word.js';
import { type Io, UsageError } from '../../cli/command.js';
import { sshAbilities } from '../../process/ssh-version.js';
import { ownerOf, signed, withInclude, withoutInclude } from '../../ssh/config/file.js';
import { hostNames } from '../../ssh/config/hosts.js';
import { includedTexts } from '../../ssh/config/includes.js';
import { sshFolder } from '../../ssh/folder.js';
import type { FindMachines } from '../via/machines.js';
import { fileAt } from './files.js';
import { unitChanges } from './fresh/unit-changes.js';
import { isUnit, unitFolder } from './fresh/units.js';
import { recordOf, withLast } from './last-run.js';
import { type ConfigOptions, configLines } from './options.js';

/** A file to write; `after` undefined: the file is removed. */
export interface Change {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** For a new file. */
  readonly mode: number;
  /** Why the user has to make this change. */
  readonly byHand?: string | undefined;
}

export interface Plan {
  /** In the order in which they are made: no Include ever names a missing file. */
  readonly changes: readonly Change[];
  /** Why nothing is done, and the file that prevents it. */
  readonly refusal?: { readonly path: string; readonly why: string; readonly hint: string } | undefined;
  readonly files: ConfigFiles;
}

export interface ConfigFiles {
  /** Only ours. */
  readonly own: string;
  /** The file that ssh reads first, with one line of ours; undefined if ssh reads `own` anyway. */
  readonly main: string | undefined;
  /** How the main file names `own`. */
  readonly include: string;
  /** The folder of the user's systemd units; undefined if there is no systemd. */
  readonly units?: string | undefined;
}

const noSystemFile =
  '--system is for /etc/ssh/ssh_config.d, which Windows does not have: vmssh config install --only-patterns as each user, or put what vmssh config print prints into C:\\ProgramData\\ssh\\ssh_config';

/** Where the files are. Throws a UsageError. */
export function configFiles(
  { system }: Pick<ConfigOptions, 'system'>,
  io: Io,
  systemFolder = '/etc/ssh',
  hasSystemd: () => boolean = () => io.platform === 'linux' && existsSync('/run/systemd/system'),
): ConfigFiles {
  if (system) {
    if (io.platform === 'win32') throw new UsageError(noSystemFile);
    const include = 'ssh_config.d/10-vmssh.conf';
    return { own: join(systemFolder, include), main: undefined, include };
  }
  const folder = sshFolder(io.env, io.platform);
  const units = hasSystemd() ? { units: unitFolder(io.env, dirname(folder)) } : {};
  const own = join(folder, 'vmssh.conf');
  return { own, main: join(folder, 'config'), include: includedAs(own, io.platform), ...units };
}

/** The files by which an Include may name ours. */
export function spellings({ own, include }: ConfigFiles, platform: NodeJS.Platform): readonly string[] {
  if (platform === 'win32') return include === relativeName ? [include] : [include, own];
  return [include, own, '~/.ssh/vmssh.conf'];
}

/**
 * How an Include names our file. A relative name is looked for in ~/.ssh (ssh_config(5)): no quoting, whatever the home is
 * called. On Windows ssh takes that "~" from HOME, which another shell may have set, but its own files from the profile.
 */
function includedAs(own: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? own.replaceAll('\\', '/').replaceAll(/[*?[]/g, '?') : relativeName;
}

const relativeName = 'vmssh.conf';

/** How the Include has to be for the ssh that is here: one before 8.0 takes C:/… for a relative path. */
export async function readInclude({ include }: ConfigFiles, { platform, env }: Io): Promise<string> {
  if (platform !== 'win32') return include;
  return (await sshAbilities(env)).includesDrives ? include : relativeName;
}

/** On Windows: how the Include was for another ssh. */
function otherIncludes(files: ConfigFiles, include: string, platform: NodeJS.Platform): readonly string[] {
  return platform === 'win32' ? [files.include, relativeName].filter((each) => each !== include) : [];
}

/** What `config install` would do. Throws a UsageError, or a system error if a file cannot be read. */
export async function planInstall(
  options: ConfigOptions,
  io: Io,
  find?: FindMachines,
  files: ConfigFiles = configFiles(options, io),
): Promise<Plan> {
  const [{ text: own }, { text: main, byHand }, include] = await Promise.all([
    fileAt(files.own),
    fileAt(files.main),
    readInclude(files, io),
  ]);
  const refusal = foreignFile(files.own, own, `install${options.system ? ' --system' : ''}`, io);
  if (refusal) return { changes: [], refusal, files };
  const all = withLast(options, own);
  const units = await unitChanges(files.units, all.fresh === true, io);
  if (units.changed)
    return {
      changes: [],
      refusal: foreignFile(units.changed.path, units.changed.text, 'install', io),
      files,
    };
  const present = { taken: await takenNames(main, own, files), file: own ?? '' };
  const lines = await configLines(all, io, present, find);
  const text = signed(recordOf(all) + lines);
  const changes = [{ path: files.own, before: own, after: text, mode: options.system ? 0o644 : 0o600 }];
  const { main: path } = files;
  const rest = otherIncludes(files, include, io.platform).reduce(withoutInclude, main);
  const included = withInclude(rest, include, spellings({ ...files, include }, io.platform));
  return {
    changes: [
      ...changes,
      ...(path === undefined ? [] : [{ path, before: main, after: included, mode: 0o600, byHand }]),
      ...units.changes,
    ].filter(({ before, after }) => before !== after),
    files: { ...files, include },
  };
}

/** What `config uninstall` would do. */
export async function planUninstall(
  { system }: Pick<ConfigOptions, 'system'>,
  io: Io,
  files: ConfigFiles = configFiles({ system }, io),
): Promise<Plan> {
  const [{ text: own }, { text: main, byHand }] = await Promise.all([fileAt(files.own), fileAt(files.main)]);
  const refusal = foreignFile(files.own, own, `uninstall${system ? ' --system' : ''}`, io);
  if (refusal) return { changes: [], refusal, files };
  const units = await unitChanges(files.units, false, io);
  if (units.changed)
    return {
      changes: [],
      refusal: foreignFile(units.changed.path, units.changed.text, 'uninstall', io),
      files,
    };
  const rest = otherIncludes(files, files.include, io.platform).reduce(withoutInclude, main);
  const left = withoutInclude(rest, files.include);
  const changes = [
    ...(files.main === undefined
      ? []
      : [{ path: files.main, before: main, after: left, mode: 0o600, byHand }]),
    { path: files.own, before: own, after: undefined, mode: 0o600 },
    ...units.changes,
  ];
  return { changes: changes.filter(({ before, after }) => before !== after), files };
}

function foreignFile(path: string, content: string | undefined, action: string, io: Io): Plan['refusal'] {
  const hint = setAside(path, `vmssh config ${action}`, shellOf(io));
  switch (ownerOf(content)) {
    case 'foreign':
      return { path, why: 'vmssh did not write it, and does not change it', hint };
    case 'edited':
      return {
        path,
        why: 'it was edited since vmssh wrote it, and is not changed',
        hint: `${hint}; put your own lines in another file${isUnit(path) ? ': systemctl --user edit' : ', such as ~/.ssh/config'}`,
      };
    case 'none':
    case 'ours':
      return undefined;
  }
}

/**
 * Host names already taken; not those in vmssh.conf, for which the user only added options.
 */
async function takenNames(
  main: string | undefined,
  own: string | undefined,
  files: ConfigFiles,
): Promise<ReadonlySet<string>> {
  const texts = [main ?? '', ...(await includedTexts(main ?? '', dirname(files.own), files.own))];
  const ours = hostNames(own ?? '');
  return new Set([...hostNames(texts.join('\n'))].filter((name) => !ours.has(name)));
}
