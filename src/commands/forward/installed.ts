import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Addon } from 'node-hvsock-native';
import { exitCode, printable, quote } from '../../base/errors.js';
import { CommandError, UsageError, usage } from '../../cli/command.js';
import { type Envelope, envelope, formatJson } from '../../cli/json.js';
import { editFile } from '../../files/edit-file.js';
import { makeFolder } from '../../files/place.js';
import { readText } from '../../files/read-file.js';
import { fileAt, fileError } from '../../hosts/files.js';
import { configFiles } from '../../hosts/places.js';
import { manual, removeLinks, sandbox, serviceOf, systemctl, unitPath, unitText } from '../../hosts/units.js';
import { hasMachines, kindOf, parseTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { readListeners } from '../../sources/processes/tcp-listeners.js';
import { isJsonObject, parseJson } from '../../sources/tools/json.js';
import { type RunTool, runTool } from '../../sources/tools/run-tool.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { ownerOf } from '../../ssh/config/file.js';
import { isOfProcess } from '../../typed/names.js';
import { isSshPort } from '../../typed/numbers.js';
import { shellLine, shellOf } from '../../typed/shell.js';
import { openListener } from './listener.js';
import { type MachineOptions, search } from './machine.js';
import { jsonOf, type LocalJson, printKeys } from './report.js';
import { formatLocal, type Local, parseLocal } from './session.js';

export interface InstallOptions extends MachineOptions {
  readonly local: Local;
  /** The options of `vmssh forward` for the service. */
  readonly args: readonly string[];
}

/** The systemd of this user; a parameter, for tests. */
export interface UserSystemd {
  readonly run: RunTool;
  /** Of the user's own units; undefined: no systemd runs here. */
  readonly folder: string | undefined;
}

type ListenerOf = Pick<InstallOptions, 'typed' | 'port' | 'local'>;

interface Installed extends ListenerOf {
  /** The file name of its socket unit. */
  readonly socket: string;
  /** What `typed` was when it was installed. */
  readonly target: string;
}

export interface ForwardListJson extends Envelope<'forward'> {
  readonly installed: readonly {
    readonly unit: string;
    readonly listener: LocalJson;
    readonly target: string;
    readonly port: number;
    /** Whether a program of this user listens there, as systemd does; absent if that cannot be seen. */
    readonly listening?: boolean;
  }[];
}

function userSystemd(io: Io): UserSystemd {
  return { run: runTool, folder: configFiles({ system: false }, io).units };
}

/**
 * Has the user's systemd listen at LOCAL from now on, and prints lines for a known_hosts file if the port is
 * that of SSH. Throws a ConnectError, a UsageError or a CommandError; nothing is left installed then.
 */
export async function installForward(
  options: InstallOptions,
  addon: Addon,
  io: Io,
  signal: AbortSignal,
  { run, folder }: UserSystemd = userSystemd(io),
): Promise<void> {
  if (folder === undefined)
    throw new CommandError(
      'NO_SYSTEMD',
      'no systemd runs here that could listen for you',
      'without --install, vmssh forward runs until Ctrl-C',
    );
  const local = withAbsolutePath(options.local);
  checkPlace(local);
  const machine = await search(options, io, signal)();
  const { text: target } = machine;
  if (isOfProcess(target))
    throw new UsageError(
      `${quote(target)} names a process, whose number another one may have later`,
      'give the machine’s own name or socket: vmssh list -o wide',
    );
  const { typed, port } = options;
  const installed = { socket: `${unitName(local)}.socket`, typed, target, port, local };
  const { program } = await callerForSsh(io);
  const texts = usage(() => unitTexts(installed, program, options.args, io.env));
  const before = await Promise.all(texts.map(async ([name]) => (await fileAt(join(folder, name))).text));
  const isNew = before.every((text) => text === undefined);
  // The reason is clearer than systemd's.
  if (isNew) (await openListener(local, addon, io)).close();
  await makeFolder(folder);
  for (const [name, text] of texts) await writeOurs(join(folder, name), text, io);
  const isSame = texts.every(([, text], i) => text === before[i]);
  const [socket, service] = [installed.socket, serviceFor(installed.socket)];
  try {
    await systemctl(['daemon-reload'], io, run);
    // A socket is not started again while its service runs.
    if (!isNew && !isSame) await systemctl(['stop', service], io, run);
    await systemctl(['enable', socket], io, run);
    await systemctl([isSame ? 'start' : 'restart', socket], io, run);
  } catch (error) {
    if (isNew) await remove(installed, folder, io, run);
    else for (const [i, [name]] of texts.entries()) await writeOurs(join(folder, name), before[i], io);
    throw new CommandError(
      'NO_SYSTEMD',
      `your systemd does not listen on ${quote(formatLocal(local))}: ${(error as Error).message}`,
      `run it in a login session, or without systemd: ${ofForward(installed, [], io)}`,
    );
  }
  const who = 'only your programs and root’s can connect';
  io.err(`${io.program}: ${describe(installed)}, now and after each login; ${who} (${socket})\n`);
  if (isSshPort(port) && local.family === 'inet') await printKeys(machine, local, io);
}

/** Throws a CommandError if there is no such forward, or if it may still listen. */
export async function uninstallForward(
  { typed, port, local: given }: ListenerOf,
  io: Io,
  { run, folder }: UserSystemd = userSystemd(io),
): Promise<void> {
  const local = withAbsolutePath(given);
  const socket = `${unitName(local)}.socket`;
  const installed = folder === undefined ? undefined : await readInstalled(join(folder, socket), io);
  if (folder === undefined || installed === undefined)
    throw new CommandError(
      'NOT_INSTALLED',
      `no forward is installed at ${quote(formatLocal(local))}`,
      'to see those that are: vmssh forward --list',
    );
  if (![installed.typed, installed.target].includes(typed) || installed.port !== port)
    throw new CommandError(
      'NOT_INSTALLED',
      `another forward is installed there: ${describe(installed)}`,
      `to remove that one: ${ofForward(installed, ['--uninstall'], io)}`,
    );
  await remove(installed, folder, io, run);
  io.err(`${io.program}: removed ${describe(installed)}\n`);
}

export async function listForwards(
  json: boolean,
  io: Io,
  { folder }: UserSystemd = userSystemd(io),
): Promise<number> {
  const names = folder === undefined ? [] : await readdir(folder).catch(() => []);
  const sockets = names.filter((name) => /^vmssh-forward-.*\.socket$/.test(name)).toSorted();
  const all = [];
  for (const name of sockets) {
    const installed = await readInstalled(join(folder ?? '', name), io).catch((error: Error) => {
      io.err(`${io.program}: warning: ${printable(error.message)}\n`);
    });
    if (installed) all.push({ ...installed, listening: await isListening(installed.local, io) });
  }
  if (json) {
    const answer: ForwardListJson = {
      ...envelope('forward', exitCode.ok),
      installed: all.map(({ socket, local, target, port, listening }) => ({
        ...{ unit: socket, listener: jsonOf(local), target, port, listening },
      })),
    };
    io.out(formatJson(answer));
    return exitCode.ok;
  }
  for (const each of all) {
    const off = each.listening === false ? `  (off: systemctl --user start ${each.socket})` : '';
    io.out(`${describe(each)}${off}\n`);
  }
  if (all.length === 0) io.err(`${io.program}: no forward is installed\n`);
  return exitCode.ok;
}

function withAbsolutePath(local: Local): Local {
  return local.family === 'unix' ? { family: 'unix', path: resolve(local.path) } : local;
}

/** Throws a UsageError for what a socket unit cannot have. */
function checkPlace(local: Local): void {
  if (local.family === 'unix') {
    // systemd takes a line without its last blanks. Others it writes as escapes when it is reloaded, and loses the socket (seen with 257).
    if (/[^ -~]|["'\\]| $/.test(local.path))
      throw new UsageError(
        `systemd cannot listen at ${quote(local.path)}`,
        'choose a path of ASCII letters, without quotes and backslashes',
      );
    return;
  }
  const { host, port } = local;
  if (!/^127\./.test(host) && host !== '::1')
    throw new UsageError(
      `an installed forward is only for programs of this host, not at ${quote(formatLocal(local))}`,
      'use 127.0.0.1 or [::1]',
    );
  if (port === 0)
    throw new UsageError(
      'an installed forward needs a port that stays',
      'name one from 1024 on, such as 2222',
    );
}

/** One for each LOCAL. A path may be longer than a file's name. */
function unitName(local: Local): string {
  const id =
    local.family === 'inet'
      ? `${local.host}:${local.port}`
      : createHash('sha256').update(local.path).digest('hex').slice(0, 16);
  return `vmssh-forward-${id}`;
}

function serviceFor(socket: string): string {
  return socket.replace(/\.socket$/, '.service');
}

/** The text of each unit by its file name, the socket last. Throws a RangeError. */
function unitTexts(
  { socket, typed, target, port, local }: Installed,
  program: readonly string[],
  args: readonly string[],
  env: Io['env'],
): readonly (readonly [string, string])[] {
  const place = formatLocal(local);
  const description = `Description=${unitPath(`${place} as port ${port} of ${target}, by vmssh`)}`;
  const unit = ['[Unit]', description, manual('forward'), ''];
  const service = [
    ...[...unit, '[Service]'],
    ...serviceOf([...program, 'forward', ...args, target, `${port}`, 'systemd'], env),
    ...restrictionsOf(target, local, program),
  ];
  const listen = [
    ...[...unit, '[Socket]', `ListenStream=${unitPath(place)}`],
    ...(local.family === 'unix' ? ['SocketMode=0600', 'RemoveOnStop=yes'] : []),
    ...['', '[Install]', 'WantedBy=sockets.target', ''],
    // systemd ignores such a section (systemd.unit(5)).
    ...['[X-Vmssh]', `Forward=${JSON.stringify({ typed, target, port, local: place })}`],
  ];
  return [
    [serviceFor(socket), unitText(service, 'forward')],
    [socket, unitText(listen, 'forward')],
  ];
}

/** Only for an address: a manager's programs, and ssh, would inherit them, and some need new privileges (newuidmap). */
function restrictionsOf(target: string, local: Local, program: readonly string[]): readonly string[] {
  const parsed = parseTarget(target);
  if (hasMachines(kindOf(parsed))) return [];
  const families = [
    'AF_UNIX',
    ...(parsed.kind === 'unix' || parsed.kind === 'vsock-mux' ? [] : ['AF_VSOCK']),
    // The kernel is asked whose a client of a TCP port is.
    ...(local.family === 'inet' ? ['AF_NETLINK'] : []),
  ];
  // A program of two words is Node and a script.
  return sandbox({ families, engine: program.length === 1 });
}

/** Writes or removes a unit. Throws a CommandError if it is somebody else's. */
async function writeOurs(path: string, text: string | undefined, io: Io): Promise<void> {
  const edit = (old: Buffer | undefined) => {
    checkOwner(path, old?.toString(), io);
    return old?.toString() === text ? old : text === undefined ? undefined : Buffer.from(text);
  };
  await editFile(path, edit, 0o600).catch((error) => {
    throw error instanceof CommandError ? error : fileError(error, path, 'changed');
  });
}

function checkOwner(path: string, text: string | undefined, io: Io): void {
  const owner = ownerOf(text);
  if (owner === 'ours' || owner === 'none') return;
  throw new CommandError(
    'NOT_OURS',
    `${quote(path)}: ${owner === 'foreign' ? 'vmssh did not write it' : 'it was edited since vmssh wrote it'}, and does not change it`,
    `${shellLine(['mv', '-i', path, `${path}.old`], shellOf(io))}, and the same command again`,
  );
}

/** Undefined if there is none. Throws a CommandError if it is not ours. */
async function readInstalled(path: string, io: Io): Promise<Installed | undefined> {
  const { text } = await fileAt(path);
  if (text === undefined) return undefined;
  checkOwner(path, text, io);
  const json = parseJson(/^Forward=(.*)$/m.exec(text)?.[1] ?? 'null');
  if (!isJsonObject(json)) return undefined;
  const { typed, target, port, local } = json;
  return {
    socket: basename(path),
    ...{ typed: `${typed}`, target: `${target}`, port: Number(port), local: parseLocal(`${local}`) },
  };
}

/** Throws a CommandError, and leaves the files, if it may still listen. */
async function remove(installed: Installed, folder: string, io: Io, run: RunTool): Promise<void> {
  const { socket, local } = installed;
  const units = [socket, serviceFor(socket)];
  for (const unit of units) checkOwner(join(folder, unit), (await fileAt(join(folder, unit))).text, io);
  // Both, even if one of them cannot be asked for.
  const ask = (args: readonly string[]) => systemctl(args, io, run).catch((error: Error) => error);
  const asked = [await ask(['disable', '--now', socket]), await ask(['stop', serviceFor(socket)])];
  const failed = asked.find((each) => each instanceof Error);
  if (failed && (await isListening(local, io)) !== false)
    throw new CommandError(
      'STILL_LISTENS',
      `systemd may still listen on ${quote(formatLocal(local))}, so its units stay: ${failed.message}`,
      `systemctl --user disable --now ${units.join(' ')}; then ${ofForward(installed, ['--uninstall'], io)}`,
    );
  await removeLinks(folder, socket);
  for (const unit of units) await writeOurs(join(folder, unit), undefined, io);
  await systemctl(['daemon-reload'], io, run).catch(() => {});
}

function describe({ local, target, port }: Installed): string {
  return printable(`${formatLocal(local)} → ${target}:${port}`);
}

function ofForward({ target, port, local }: Installed, more: readonly string[], io: Io): string {
  return shellLine(['vmssh', 'forward', ...more, target, `${port}`, formatLocal(local)], shellOf(io));
}

/** Whether a program of this user listens there; undefined: it cannot be seen. */
async function isListening(local: Local, { env }: Io): Promise<boolean | undefined> {
  if (local.family === 'inet') {
    const listeners = await readListeners({ env }).catch(() => undefined);
    const own = process.getuid?.() ?? 0;
    return listeners?.(local.host, local.port)?.some(({ uid }) => uid === own);
  }
  const table = await readText('/proc/net/unix').catch(() => undefined);
  // "Num: RefCount Protocol Flags Type St Inode Path"; the flag is that of a listener.
  const start = /^\s*\S+ +\S+ +\S+ +00010000 +\S+ +\S+ +\d+ /;
  return table?.split('\n').some((row) => start.test(row) && row.replace(start, '') === local.path);
}
