import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { printable, quote } from '../base/errors.js';
import { ownRoutesFile, routesFile } from '../book/remembered.js';
import { formatState, type HostState, type MachineRecord, noState, parseState } from '../book/state.js';
import { authorityFiles, keepsAlive, usersNames } from '../book/taken-names.js';
import { UsageError, usage } from '../cli/command.js';
import { type FindMachines, findMachines } from '../machines/find-machines.js';
import type { Io } from '../process/io.js';
import { everySshAbilities, everySshRefusesUsers } from '../process/ssh-program.js';
import { withKeptEnv } from '../sources/trusted-env.js';
import { callerForSsh } from '../ssh/config/caller.js';
import { optionsIn, ownerOf, signed, withInclude, withOptions, withoutInclude } from '../ssh/config/file.js';
import { whyNoBring } from '../ssh/config/host-options.js';
import { usersTexts } from '../ssh/config/users-files.js';
import { setAside, shellOf, shellQuoted } from '../typed/shell.js';
import { type Decision, decide, surroundings } from './decide.js';
import { type Change, type CurrentFile, fileAt } from './files.js';
import { type ConfigOptions, type Settings, settings } from './options.js';
import { type ConfigFiles, configFiles, spellings } from './places.js';
import { inEffect, isUnset, settingLines } from './setting.js';
import { checkSshOptions, displacedLines } from './ssh-option.js';
import { configText, userKnownHosts } from './text.js';
import { isUnit, unitChanges } from './units.js';

export interface Plan {
  /** In the order in which they are made: no Include ever names a missing file. */
  readonly changes: readonly Change[];
  readonly refusal?: { readonly path: string; readonly why: string; readonly hint: string };
  readonly files: ConfigFiles;
  readonly notes?: readonly string[];
  readonly problem?: string | undefined;
  /** Undefined for one that removes all. */
  readonly decision?: Decision;
  readonly startsUnits?: boolean;
}

export type RecordChange = (records: readonly MachineRecord[]) => readonly MachineRecord[];

/** What `config install` would do. `change`: what else becomes of the records. Throws a UsageError, or a system error if a file cannot be read. */
export async function planInstall(
  options: ConfigOptions,
  io: Io,
  find: FindMachines = findMachines,
  files: ConfigFiles = configFiles(options, io),
  change: RecordChange = (records) => records,
): Promise<Plan> {
  const now = await filesNow(files, 'install', options, io);
  if (now.refusal) return { changes: [], refusal: now.refusal, files };
  const { state, problem, isLost, unusable } = lastState(now.state, now.own);
  if (unusable !== undefined)
    return { changes: [], refusal: { path: files.state, why: unusable, hint: now.aside }, files };
  const last = { ...state, machines: change(state.machines) };
  const all = inEffect(settings, options, last.options);
  // Whether units are wanted is in a state that is lost.
  const isFresh = all.fresh ?? (isLost ? undefined : false);
  const asking = { ...io, env: withKeptEnv(io.env, last.machines) };
  const units = await unitChanges(files.units, isFresh, asking);
  if (units.changed) return { changes: [], refusal: foreignFile(units.changed, 'install', io), files };
  const { env, platform } = io;
  const taken = await usersNames({
    ...{ env, platform, main: now.main ?? '', folder: options.system ? undefined : dirname(files.own) },
    ...{ ours: last.machines, countsVmssh: true },
  });
  const decision = await decide({ ...options, ...all }, last, taken, asking, find);
  const lines = await sshLines(decision, options, io);
  const had = new Set(last.machines.map(({ host }) => host));
  const fresh = decision.hosts.map(({ host }) => host).filter((host) => !had.has(host));
  const said = [
    ...(options.system || fresh.length === 0 ? [] : await authorityFiles(fresh, { env, platform })),
    ...(await displacedLines(all.sshOptions, io)),
  ].map((line) => `${io.program}: ${printable(line)}`);
  const changes = [...(await changesFor(lines, decision, files, now, io)), ...units.changes];
  const warning = `${io.program}: warning: ${quote(files.state)}`;
  const problems = problem === undefined ? [] : [`${warning} ${printable(problem)}`];
  return {
    changes: inOrder(changes, files, now.state),
    files,
    notes: [...problems, ...decision.notes, ...said],
    problem,
    decision,
    startsUnits:
      all.fresh === true && files.units !== undefined && (options.fresh === true || units.changes.length > 0),
  };
}

async function changesFor(
  lines: string,
  { state }: Decision,
  files: ConfigFiles,
  { own, state: stateNow, main, byHand }: FilesNow,
  io: Io,
): Promise<readonly Change[]> {
  const { options } = state;
  const before = own?.text;
  const after = signed(isUnset(settings, options) ? lines : withOptions(lines, options));
  const like = files.main === undefined || main === undefined ? undefined : basename(files.main);
  const included = withInclude(main, files.include, await spellings(files, main ?? '', io));
  return [
    { path: files.state, before: stateNow, after: formatState(state), mode: 0o600 },
    { path: files.own, before, after, mode: files.main === undefined ? 0o644 : 0o600, like },
    ...mainChange(files, main, included, byHand),
  ];
}

/** Without those that change nothing. The state last, so that it says nothing that is not written; a new one first: lines without one count as those whose state is lost. */
function inOrder(changes: readonly Change[], { state }: ConfigFiles, before: string | undefined) {
  const [written, others] = [true, false].map((is) => changes.filter(({ path }) => (path === state) === is));
  const ordered = before === undefined ? [written, others] : [others, written];
  return ordered.flatMap((each) => each ?? []).filter((change) => change.before !== change.after);
}

export async function planUninstall(
  { system }: ConfigOptions,
  io: Io,
  files: ConfigFiles = configFiles({ system }, io),
): Promise<Plan> {
  const { own, state, main, byHand, refusal } = await filesNow(files, 'uninstall', { system }, io);
  if (refusal) return { changes: [], refusal, files };
  const units = await unitChanges(files.units, false, io);
  if (units.changed) return { changes: [], refusal: foreignFile(units.changed, 'uninstall', io), files };
  const left = withoutInclude(main, files.include);
  const changes = [
    ...mainChange(files, main, left, byHand),
    { path: files.own, before: own?.text, after: undefined, mode: 0o600 },
    { path: files.state, before: state, after: undefined, mode: 0o600 },
    ...(system
      ? []
      : [{ path: routesFile(io.env), before: await ownRoutesFile(io.env), after: undefined, mode: 0o600 }]),
    ...units.changes,
  ];
  return { changes: changes.filter(({ before, after }) => before !== after), files };
}

/** What is in the files, and why they must not be changed. `aside`: the command that takes the state out of the way. */
async function filesNow(
  files: ConfigFiles,
  action: 'install' | 'uninstall',
  { system }: ConfigOptions,
  io: Io,
) {
  const closed = await closedFile(files, io);
  if (closed) return { refusal: closed, aside: '' };
  const [own, { text: state }, { text: main, byHand }] = await Promise.all([
    fileAt(files.own),
    fileAt(files.state, 'any'),
    fileAt(files.main),
  ]);
  const command = `${action}${system ? ' --system' : ''}`;
  const aside = setAside(files.state, `vmssh config ${command}`, shellOf(io));
  return {
    own,
    state,
    aside,
    main,
    byHand,
    refusal: foreignFile({ path: files.own, text: own.text }, command, io),
  };
}

async function closedFile({ own, state }: ConfigFiles, io: Io): Promise<Plan['refusal']> {
  const statOf = (path: string) => stat(path).catch(() => undefined);
  for (const file of [own, state]) {
    // On Windows such a file cannot be replaced.
    if (io.platform === 'win32' && (((await statOf(file))?.mode ?? 0o600) & 0o222) === 0)
      return { path: file, why: 'it is read-only', hint: `attrib -r ${shellQuoted(file, shellOf(io))}` };
    for (let path = dirname(file); path !== dirname(path); path = dirname(path))
      if ((await statOf(path))?.isFile())
        return { path, why: 'it is a file, where a folder has to be', hint: 'give it another name' };
  }
  return undefined;
}

type FilesNow = Awaited<ReturnType<typeof filesNow>>;

function mainChange({ main: path }: ConfigFiles, before?: string, after?: string, byHand?: string) {
  return path === undefined ? [] : [{ path, before, after, mode: 0o600, byHand }];
}

function foreignFile(
  { path, text }: { readonly path: string; readonly text: string | undefined },
  action: string,
  io: Io,
): Plan['refusal'] {
  const owner = ownerOf(text);
  const hint = setAside(path, `vmssh config ${action}`, shellOf(io));
  if (owner === 'edited')
    return {
      path,
      why: 'it was edited since vmssh wrote it, and is not changed',
      hint: `${hint}; put your own lines in another file${isUnit(path) ? ': systemctl --user edit' : ', such as ~/.ssh/config'}`,
    };
  // As build/package/installed.js writes them.
  const why = text?.startsWith('# Of the package vmssh.')
    ? 'it has the lines of the package vmssh, which ssh uses already'
    : 'vmssh did not write it, and does not change it';
  return owner === 'foreign' ? { path, why, hint } : undefined;
}

interface LastState {
  readonly state: HostState;
  /** What is to be said of it: a clause after its path. */
  readonly problem?: string;
  /** Whether its file is missing, though there are lines. */
  readonly isLost?: true;
  /** Why nothing in its file counts, which then has to be taken out of the way. */
  readonly unusable?: string;
}

/** From its file, and the lines for ssh that were made from it. */
export function lastState(text: string | undefined, own: CurrentFile | undefined): LastState {
  if (text === undefined) return ownerOf(own?.text) === 'ours' ? lostState(own) : { state: noState };
  try {
    const { state, left } = parseState(text);
    return { state, ...(left === 0 ? {} : { problem: `has ${left} machines that cannot be used` }) };
  } catch (error) {
    return { state: noState, unusable: (error as Error).message };
  }
}

/** Whoever has another's HOME, as after sudo -E, has none of that user's options. */
function lostState({ text, isOthers }: Partial<CurrentFile> = {}): LastState {
  const problem = isOthers
    ? 'is missing: its lines for ssh belong to another user, and nothing is taken from them'
    : 'is missing: options that its lines for ssh do not say, Hosts of machines that cannot be asked now, and logins that vmssh setup made are lost';
  return { state: { ...noState, options: isOthers ? {} : optionsIn(text) }, problem, isLost: true };
}

/** The lines for ssh, from nothing but what was decided and what is around it. Throws a UsageError. */
export async function sshLines(
  { settings: values, hosts, throwaway }: Decision,
  { system }: ConfigOptions,
  io: Io,
): Promise<string> {
  const caller = await callerOfLines(io, values.bring || hosts.some((host) => host.options.bring));
  const keysFile = system ? userKnownHosts : caller.keysFile;
  const lines = settingLines(settings, values);
  // What the user's own ssh_config says, our lines, which come first, must not displace.
  const users = system ? {} : { keepsAlive: keepsAlive(await usersTexts(io)) };
  const around = surroundings({ system }, io);
  return usage(() => configText({ ...caller, keysFile, hosts, throwaway, ...users, ...around, ...lines }));
}

/** How the lines call vmssh, and what each ssh that reads them can do; `brings`: also whether it can log in by an sshd that is brought. */
export async function callerOfLines(io: Io, brings: boolean | undefined) {
  const [caller, abilities, refusesUsers, taken] = await Promise.all([
    callerForSsh(io),
    everySshAbilities(io),
    brings && everySshRefusesUsers(io),
    brings
      ? import('../keys/login-key.js').then((here) => here.hostKeyAlgorithms({ host: 'localhost' }, io))
      : [],
  ]);
  return { ...caller, ...abilities, refusesUsers, hostKeyAlgorithms: taken };
}

/** Throws a UsageError for an option of this run with which the ssh here cannot log in. */
export async function checkSshTakes(options: Partial<Settings>, io: Io): Promise<void> {
  await checkSshOptions(options, io);
  const whyNot = options.bring ? whyNoBring(await callerOfLines(io, true)) : undefined;
  if (whyNot) throw new UsageError(...whyNot);
}
