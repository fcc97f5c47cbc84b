import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { printable, quote } from '../errors.js';
import { policyOf } from '../identity/policy.js';
import { type FindMachines, findMachines } from '../machines/find-machines.js';
import type { Io } from '../process/io.js';
import { refusalFix } from '../process/ssh-program.js';
import { ownRoutesFile, routesFile } from '../reach/remembered.js';
import { withKeptEnv } from '../sources/trusted-env.js';
import { ownerOf, signed, withInclude, withOptions, withoutInclude } from '../ssh/config/file.js';
import { formatState, type HostState, writerOf } from '../ssh/config/state.js';
import { usersNames } from '../ssh/taken-names.js';
import { setAside, shellOf, shellQuoted } from '../typed/shell.js';
import { version } from '../version.js';
import { type Decision, decide, sshLines } from './decide.js';
import { type Change, fileAt } from './files.js';
import { freeName, lastState } from './last-state.js';
import { type ConfigOptions, settings } from './options.js';
import { type ConfigFiles, configFiles, spellings } from './places.js';
import { inEffect, isUnset } from './setting.js';
import { leftOut, refusedConfig, refusedOfLast } from './ssh-option.js';
import { isUnit, unitChanges } from './units.js';

export interface Plan {
  /** In the order in which they are made: no Include ever names a missing file. */
  readonly changes: readonly Change[];
  /** Why nothing is done, and the file that prevents it. */
  readonly refusal?: { readonly path: string; readonly why: string; readonly hint: string };
  readonly files: ConfigFiles;
  /** Each a line for the user. */
  readonly notes?: readonly string[];
  /** What is wrong with what the last run left. */
  readonly problem?: string | undefined;
  /** Undefined for one that removes all. */
  readonly decision?: Decision;
  /** Whether ssh accepts its configuration as it is: then it has to afterwards. */
  readonly isAccepted?: boolean;
  /** Whether systemd has to start units once they are written. */
  readonly startsUnits?: boolean;
}

/** What `config install` would do. Throws a UsageError, or a system error if a file cannot be read. */
export async function planInstall(
  options: ConfigOptions,
  io: Io,
  find: FindMachines = findMachines,
  files: ConfigFiles = configFiles(options, io),
): Promise<Plan> {
  const now = await filesNow(files, 'install', options, io);
  const { own, state: before, main, policy, byHand, refusal, aside: hint = '' } = now;
  if (refusal) return { changes: [], refusal, files };
  const { state: last, problem, isLost, newer } = lastState(before, own, policy);
  const closed = newer ?? (isLost && now.stateByHand && `it ${now.stateByHand}, and ${problem}`);
  if (closed) return { changes: [], refusal: { path: files.state, why: closed, hint }, files };
  const aside = isLost && before !== undefined ? await freeName(files.state) : undefined;
  const all = inEffect(settings, options, last.options);
  const refused = await refusedOfLast(all.sshOptions, last.options, io);
  if (refused) return { changes: [], refusal: { path: files.state, ...refused }, files };
  // Whether units are wanted is in a state that is lost.
  const fresh = all.fresh ?? (isLost ? undefined : false);
  const asking = { ...io, env: withKeptEnv(io.env, last.machines) };
  const units = await unitChanges(files.units, fresh, asking);
  if (units.changed) return { changes: [], refusal: foreignFile(units.changed, 'install', io), files };
  const { env, platform } = io;
  const taken = await usersNames({
    ...{ env, platform, main: main ?? '', folder: options.system ? undefined : dirname(files.own) },
    ...{ ours: last.machines, takes: all.logins.flatMap(({ takes }) => takes ?? []), countsVmssh: true },
  });
  const decision = await decide({ ...options, ...all }, last, taken, asking, find);
  const said: string[] = [];
  const lines = await sshLines(decision, options, io, (line) => said.push(line));
  const { options: kept } = decision.state;
  const text = signed(isUnset(settings, kept) ? lines : withOptions(lines, kept));
  // The state says which vmssh made the lines.
  const isCurrent = text === own || writerOf(before ?? '') === version;
  const state = isCurrent && isSame(decision.state, last) ? before : formatState(decision.state);
  const { main: path } = files;
  const like = path === undefined || main === undefined ? undefined : basename(path);
  const needed = await spellings(files, main ?? '', io);
  const included = withInclude(main, files.include, needed);
  const warning = `${io.program}: warning: ${quote(files.state)}`;
  const lost = [
    ...(problem === undefined ? [] : [`${warning} ${printable(problem)}`]),
    ...(aside === undefined ? [] : [`${io.program}: it is kept as ${printable(aside)}`]),
    ...leftOut(last.options).map((each) => `${warning}: ${printable(each)}`),
  ];
  const written = { path: files.state, before, after: state, mode: 0o600 };
  // Last, so that it says nothing that is not written. A new one first: lines without one count as those whose state is lost.
  const [first, end] = before === undefined ? [[written], []] : [[], [written]];
  const changes = [
    ...(aside === undefined ? [] : [{ path: aside, before: undefined, after: before, mode: 0o600 }]),
    ...first,
    ...leastPolicy(files, policy, all.hostKeys ? `${all.hostKeys}\n` : policy),
    { path: files.own, before: own, after: text, mode: options.system ? 0o644 : 0o600, like },
    ...(path === undefined ? [] : [{ path, before: main, after: included, mode: 0o600, byHand }]),
    ...units.changes,
    ...end,
  ].filter((change) => change.before !== change.after);
  const broken = changes.length === 0 ? undefined : await refusedConfig(files, io);
  // Our own lines are replaced, if ssh names them.
  if (broken !== undefined && !broken.includes(`${basename(files.own)}: `)) {
    const why = `ssh does not accept it, so nothing is written: ${broken}`;
    const hint = `${refusalFix(broken)}, and run it again`;
    return { changes: [], refusal: { path: path ?? files.own, why, hint }, files };
  }
  return {
    changes,
    files,
    notes: [...lost, ...decision.notes, ...said],
    problem,
    decision,
    isAccepted: broken === undefined,
    startsUnits:
      all.fresh === true && files.units !== undefined && (options.fresh === true || units.changes.length > 0),
  };
}

/** Whether they differ at most in the days on which machines were seen. */
function isSame(one: HostState, other: HostState): boolean {
  const text = ({ machines, ...state }: HostState) =>
    formatState({ ...state, machines: machines.map((each) => ({ ...each, seen: '' })) });
  return text(one) === text(other);
}

/** What `config uninstall` would do. */
export async function planUninstall(
  { system }: Pick<ConfigOptions, 'system'>,
  io: Io,
  files: ConfigFiles = configFiles({ system }, io),
): Promise<Plan> {
  const { own, state, main, policy, byHand, refusal } = await filesNow(files, 'uninstall', { system }, io);
  if (refusal) return { changes: [], refusal, files };
  const units = await unitChanges(files.units, false, io);
  if (units.changed) return { changes: [], refusal: foreignFile(units.changed, 'uninstall', io), files };
  const left = withoutInclude(main, files.include);
  const changes = [
    ...(files.main === undefined
      ? []
      : [{ path: files.main, before: main, after: left, mode: 0o600, byHand }]),
    { path: files.own, before: own, after: undefined, mode: 0o600 },
    { path: files.state, before: state, after: undefined, mode: 0o600 },
    ...leastPolicy(files, policy, undefined),
    ...(system
      ? []
      : [{ path: routesFile(io.env), before: await ownRoutesFile(io.env), after: undefined, mode: 0o600 }]),
    ...units.changes,
  ];
  return { changes: changes.filter(({ before, after }) => before !== after), files };
}

/** What is in the files, and why they must not be changed. */
async function filesNow(
  files: ConfigFiles,
  action: 'install' | 'uninstall',
  { system }: Pick<ConfigOptions, 'system'>,
  io: Io,
) {
  const closed = await closedFile(files, io);
  if (closed) return { refusal: closed };
  const [{ text: own }, state, { text: main, byHand }, { text: policy }] = await Promise.all([
    fileAt(files.own),
    fileAt(files.state, 'any'),
    fileAt(files.main),
    fileAt(files.policy),
  ]);
  const command = `${action}${system ? ' --system' : ''}`;
  const aside = setAside(files.state, `vmssh config ${command}`, shellOf(io));
  const isWord = policy === undefined || policyOf(policy.trim()) !== undefined;
  const refusal = isWord
    ? foreignFile({ path: files.own, text: own }, command, io)
    : {
        path: files.policy ?? '',
        why: 'it has no policy of vmssh, so each unknown host key is refused',
        hint: setAside(files.policy ?? '', `vmssh config ${command}`, shellOf(io)),
      };
  return { own, state: state.text, stateByHand: state.byHand, aside, main, policy, byHand, refusal };
}

/** What stands in the way of each change, before one is made. */
async function closedFile({ own, state }: ConfigFiles, io: Io): Promise<Plan['refusal']> {
  const found = (path: string) => stat(path).catch(() => undefined);
  for (const file of [own, state]) {
    // On Windows such a file cannot be replaced.
    if (io.platform === 'win32' && (((await found(file))?.mode ?? 0o600) & 0o222) === 0)
      return { path: file, why: 'it is read-only', hint: `attrib -r ${shellQuoted(file, shellOf(io))}` };
    for (let path = dirname(file); path !== dirname(path); path = dirname(path))
      if ((await found(path))?.isFile())
        return { path, why: 'it is a file, where a folder has to be', hint: 'give it another name' };
  }
  return undefined;
}

function leastPolicy({ policy: path }: ConfigFiles, before: string | undefined, after: string | undefined) {
  return path === undefined ? [] : [{ path, before, after, mode: 0o644 }];
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
