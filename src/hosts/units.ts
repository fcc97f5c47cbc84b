import { lstat, readlink, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { printable } from '../base/errors.js';
import { usage } from '../cli/command.js';
import { complain } from '../cli/rows.js';
import type { Io } from '../process/io.js';
import { watchedFolders } from '../sources/sources.js';
import { type RunTool, runTool } from '../sources/tools/run-tool.js';
import { maySayASecret, shellVariables } from '../sources/trusted-env.js';
import { configFolder } from '../sources/trusted-path.js';
import { callerForSsh } from '../ssh/config/caller.js';
import { ownerOf, signed, type Writer } from '../ssh/config/file.js';
import { otherHome } from '../ssh/folder.js';
import { type Change, fileAt } from './files.js';

/** The units that are enabled; they start the service. */
export const enabledUnits = ['vmssh-hosts.path', 'vmssh-hosts.timer'] as const;
/** Starts it once for all changes of a moment, when a machine has all of its files. */
const soon = 'vmssh-hosts-soon.timer';
export const freshUnits = ['vmssh-hosts.service', ...enabledUnits, soon] as const;

/** The units for a user's systemd, by name. A folder that changes starts the service a moment later. Throws a RangeError for a path that no unit can have. */
export function freshUnitTexts(
  program: readonly string[],
  env: Io['env'],
): Readonly<Record<(typeof freshUnits)[number], string>> {
  const folders = watchedFolders(env);
  return {
    'vmssh-hosts.service': hostsUnit('Hosts of vmssh in the configuration of ssh', [
      // A burst of changes must not end in a failed unit.
      'StartLimitIntervalSec=0',
      '',
      '[Service]',
      'Type=oneshot',
      // No sandbox: the managers' own programs would inherit it. Without new privileges they have no newuidmap or snap-confine, and a
      // service that one of them leaves behind could give its machines no bridge.
      ...serviceOf([...program, 'config', 'refresh'], env),
      'TimeoutStartSec=60',
      'Nice=10',
    ]),
    'vmssh-hosts.path': hostsUnit('Machines that come and go, for the Hosts of vmssh', [
      '',
      '[Path]',
      ...folders.map((folder) => `PathChanged=${watchedPath(folder)}`),
      `Unit=${soon}`,
      '',
      '[Install]',
      'WantedBy=paths.target',
    ]),
    'vmssh-hosts.timer': hostsUnit('Machines that leave no trace in a folder, for the Hosts of vmssh', [
      '',
      '[Timer]',
      'OnStartupSec=30',
      'OnUnitInactiveSec=5min',
      'AccuracySec=1min',
      '',
      '[Install]',
      'WantedBy=timers.target',
    ]),
    [soon]: hostsUnit('A moment after machines came or went, for the Hosts of vmssh', [
      '',
      '[Timer]',
      'OnActiveSec=2',
      'AccuracySec=100ms',
      // The next change arms it again.
      'RemainAfterElapse=no',
      'Unit=vmssh-hosts.service',
    ]),
  };
}

function hostsUnit(description: string, lines: readonly string[]): string {
  return unitText(['[Unit]', `Description=${description}`, manual('config'), ...lines]);
}

export function manual(command: string): string {
  return `Documentation=man:vmssh-${command}(1)`;
}

/**
 * The lines of a [Service] that starts no other program: what it may ask of the kernel (systemd.exec(5)). Nothing that hides files or
 * users, such as ProtectSystem= or PrivateUsers=: for that a user's systemd makes a user namespace, in which root and everybody else
 * are "nobody", and vmssh decides by the owner of sockets, files and clients whom it trusts.
 */
export function sandbox(of: { families: readonly string[]; engine: boolean }): readonly string[] {
  const { families, engine } = of;
  return [
    'NoNewPrivileges=yes',
    `RestrictAddressFamilies=${families.join(' ')}`,
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    // Node compiles JavaScript to such memory.
    ...(engine ? ['MemoryDenyWriteExecute=yes'] : []),
    'SystemCallArchitectures=native',
    // The executable gives up more by itself (confine of native.ts).
    `SystemCallFilter=@system-service ${engine ? 'seccomp' : '@pkey'}`,
    'SystemCallFilter=~@privileged @resources',
    'SystemCallErrorNumber=EPERM',
    'KeyringMode=private',
    'UMask=0077',
  ];
}

/** With what systemd puts in for the home and the runtime folder (systemd.unit(5)). */
function watchedPath(folder: string): string {
  const path = unitPath(folder).replace(/^~\//, '%h/');
  return path.replace(/^\$XDG_RUNTIME_DIR\//, '%t/');
}

/** Writes or removes our units; `fresh` undefined: as now; `changed`: somebody changed that. Throws a UsageError. */
export async function unitChanges(
  folder: string | undefined,
  fresh: boolean | undefined,
  io: Io,
): Promise<{ readonly changes: readonly Change[]; readonly changed?: { path: string; text: string } }> {
  if (folder === undefined || fresh === undefined) return { changes: [] };
  const { program } = await callerForSsh(io);
  const texts: Readonly<Record<string, string>> = usage(() => (fresh ? freshUnitTexts(program, io.env) : {}));
  const files = await Promise.all(
    freshUnits.map(async (name) => {
      const path = join(folder, name);
      const { text: before } = await fileAt(path);
      return { path, before, after: texts[name], mode: 0o600, owner: ownerOf(before) };
    }),
  );
  // What is in the way of ours, or was ours.
  const other = files.find(
    ({ owner, after }) => owner === 'edited' || (owner === 'foreign' && after !== undefined),
  );
  if (other?.before !== undefined) return { changes: [], changed: { path: other.path, text: other.before } };
  const ours = files.filter(({ owner, after }) => after !== undefined || owner === 'ours');
  return { changes: ours.filter(({ before, after }) => before !== after) };
}

export function unitFolder(env: Io['env'], home: string): string {
  return join(configFolder(env, home), 'systemd/user');
}

export function isUnit(path: string): boolean {
  return freshUnits.some((unit) => unit === basename(path));
}

export function unitText(lines: readonly string[], writer?: Writer): string {
  return signed(`${lines.join('\n')}\n`, writer);
}

/** The lines of a [Service] that starts this program where it finds the machines that it finds now. Throws a RangeError. */
export function serviceOf(command: readonly string[], env: Io['env']): readonly string[] {
  const set = shellVariables().flatMap((name) =>
    env[name] && !maySayASecret(env[name]) ? [`Environment=${word(`${name}=${env[name]}`)}`] : [],
  );
  return [...set, `ExecStart=${start(command)}`];
}

// systemd takes no path with special characters for a program, but does for its arguments; ":" leaves "$" as it is
// (systemd.service(5)).
function start(command: readonly string[]): string {
  const words = command.map(word).join(' ');
  return words.includes('"') ? `:/bin/sh -c 'exec "$0" "$@"' ${words}` : words;
}

/** A word of a unit's line (systemd.syntax(7)). */
function word(text: string): string {
  const plain = unitPath(text);
  return /^[\w@+=:,./%-]+$/.test(plain) ? plain : `"${plain.replaceAll(/["\\]/g, (c) => `\\${c}`)}"`;
}

/** The rest of a line, such as a path. Throws a RangeError if it is not possible in a unit. */
export function unitPath(text: string): string {
  if (!/\p{Cc}/u.test(text)) return text.replaceAll('%', '%%');
  throw new RangeError(`text with control characters cannot be written to a unit: ${printable(text)}`);
}

const timeoutMs = 10_000;

/** Asks the systemd of the home that ssh uses: with another HOME the units are not in its folder. Throws an Error. */
export async function systemctl(args: readonly string[], io: Io, run: RunTool = runTool): Promise<void> {
  const home = otherHome(io.env, io.platform);
  if (home !== undefined) throw new Error(`HOME is not ${home}`);
  await run('systemctl', ['--user', ...args], { env: io.env, timeoutMs });
}

/** Stops units before they are removed, also where no systemd of this user runs. */
export async function disableUnits(
  { changes }: { readonly changes: readonly Change[] },
  io: Io,
  run: RunTool = runTool,
) {
  const gone = changes.find(({ path, after }) => after === undefined && isUnit(path));
  if (gone === undefined) return;
  await systemctl(['disable', '--now', ...enabledUnits], io, run).catch(() => {});
  for (const name of enabledUnits) await removeLinks(dirname(gone.path), name);
}

/** Removes the links by which a unit of this folder is enabled, if systemctl left them. */
export async function removeLinks(folder: string, name: string): Promise<void> {
  for (const wants of ['paths.target.wants', 'timers.target.wants', 'sockets.target.wants']) {
    const path = join(folder, wants, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isSymbolicLink() && basename(await readlink(path)) === name) await rm(path).catch(() => {});
  }
}

/** Has the user's systemd start the units that were written; prints the command if it cannot be asked. */
export async function enableUnits(io: Io, run: RunTool = runTool): Promise<void> {
  try {
    await systemctl(['daemon-reload'], io, run);
    await systemctl(['enable', '--now', ...enabledUnits], io, run);
  } catch (error) {
    const enable = `systemctl --user daemon-reload && systemctl --user enable --now ${enabledUnits.join(' ')}`;
    const problem = `the units are written, but not enabled (${(error as Error).message})`;
    await complain(problem, enable, io);
  }
}
