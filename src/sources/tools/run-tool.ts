import { stat } from 'node:fs/promises';
import { systemProgram } from '../../process/program-in-path.js';
import { type ProgramEnd, plainMessage, runProgram, windowsText } from '../../process/run-program.js';
import type { Deps, DiscoveredMachine, Listing } from '../source.js';
import { DiscoveryError, nothing, problemOf, warned } from '../source.js';
import { withToolFolders } from '../trusted-path.js';
import { type JsonObject, objectsIn, parseJson, textOf } from './json.js';

/** Runs a system program and resolves to its stdout. Throws a DiscoveryError. */
export type RunTool = (program: string, args: readonly string[], deps: Deps) => Promise<string>;

/** ENOENT if the program is not installed, FAILED with its own message if it does not exit with 0. */
export const runTool: RunTool = (program, args, deps) => collect(program, args, deps, 'utf8');

/** The same, with "/" as its folder: an interpreter may load files from the current one, which may be anybody's. */
export const runToolInRoot: RunTool = (program, args, deps) => collect(program, args, deps, 'utf8', '/');

/** The same, for output in another encoding; such a program of Windows may print its message to stdout. */
export type RunToolForBytes = (program: string, args: readonly string[], deps: Deps) => Promise<Buffer>;

export const runToolForBytes: RunToolForBytes = async (program, args, deps) =>
  Buffer.from(await collect(program, args, deps, 'latin1'), 'latin1');

async function collect(
  program: string,
  args: readonly string[],
  { env, platform, signal, timeoutMs }: Deps,
  encoding: BufferEncoding,
  cwd?: string,
): Promise<string> {
  // Translated messages cannot be parsed.
  const own = { ...withToolFolders(env, platform), LC_ALL: 'C' };
  const options = { env: own, cwd, signal, timeoutMs, encoding, longest: maxMiB << 20 };
  const end = await runProgram([program, ...args], options).catch((error: NodeJS.ErrnoException) => {
    const { code = 'EIO' } = error;
    const missing = 'it or its interpreter is not there';
    const why = code === 'ENOENT' ? missing : code === 'EACCES' ? 'you may not execute it' : code;
    throw new DiscoveryError(code, `${program} could not be run: ${why}`, { cause: error });
  });
  if (end.stopped === 'output')
    throw new DiscoveryError('PROTOCOL', `${program}: it printed more than ${maxMiB} MiB`);
  if (end.stopped) throw new DiscoveryError('TIMEOUT', `${program}: it did not answer in time`);
  if (end.code !== 0) throw new DiscoveryError('FAILED', `${program}: ${lastMessage(end, encoding)}`);
  return end.stdout;
}

/** More than the descriptions of a thousand machines. */
const maxMiB = 16;

function lastMessage({ stderr, stdout, code, signal }: ProgramEnd, encoding: BufferEncoding): string {
  const said =
    encoding === 'latin1' ? messageIn(bytesText(stderr)) || messageIn(bytesText(stdout)) : messageIn(stderr);
  return said || `it ended with ${signal ?? `code ${code}`}`;
}

function bytesText(latin1: string): string {
  return windowsText(Buffer.from(latin1.slice(0, 1 << 16), 'latin1'));
}

/** Without the log of kubectl, whose last line says it in short: "E1126 21:06:41.140145   12115 memcache.go:265] …". */
function messageIn(printed: string): string {
  return plainMessage(printed.slice(0, 1 << 16))
    .trim()
    .replaceAll(/^[EFIW]\d{4} \d\d:[^\n]*\n/gm, '')
    .replaceAll(/^error: /gm, '')
    .replaceAll(/\s*\n\s*/g, ': ')
    .slice(0, 500);
}

export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Lists machines with a tool's command: none if it is not installed, a warning if it fails. */
export async function listByTool(
  provider: string,
  command: readonly string[],
  parse: (text: string) => readonly DiscoveredMachine[] | Promise<readonly DiscoveredMachine[]>,
  deps: Deps,
  run: RunTool,
): Promise<Listing> {
  const [program = '', ...args] = command;
  try {
    return { found: await parse(await run(program, args, deps)), warnings: [] };
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    // EACCES: it is in a folder of PATH that this user cannot read.
    if (error.code === 'ENOENT' || error.code === 'EACCES') return nothing;
    return warned(provider, error.code, problemOf(provider, error.message));
  }
}

/** A manager's command asks another service than vmssh: said in place of a list, or "NOT_LISTED" beside this host's. */
export function asksElsewhere(provider: string, address: string, code = 'ELSEWHERE'): Listing<never> {
  // Without a password.
  const shown = address.replace(/:\/\/([^/@:]*):[^/@]*@/, '://$1@');
  return warned(provider, code, `${provider} asks ${shown}, which vmssh does not`);
}

/** `listByTool` with one that refuses to run as root, and so has no machines of root. */
export async function listByUsersTool(uid: number | undefined, ...how: Parameters<typeof listByTool>) {
  return uid === 0 ? nothing : listByTool(...how);
}

/** The objects of a JSON array, or of JSON lines. Throws a DiscoveryError PROTOCOL. */
export function jsonObjects(text: string): readonly JsonObject[] {
  if (text.trimStart().startsWith('[')) return objectsIn(printedJson(text));
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return objectsIn(lines.map((line) => printedJson(line)));
}

/** Throws a DiscoveryError PROTOCOL. */
export function printedJson(text: string): unknown {
  if (text.trim() === '') throw new DiscoveryError('PROTOCOL', 'it printed nothing');
  try {
    return parseJson(text);
  } catch (cause) {
    throw new DiscoveryError('PROTOCOL', `it printed ${(cause as Error).message}`, { cause });
  }
}

export function machinesNamed<M extends DiscoveredMachine>(
  rows: readonly JsonObject[],
  field: string,
  machineOf: (name: string, row: JsonObject) => M,
): readonly M[] {
  return rows.flatMap((row) => {
    const name = textOf(row, field);
    return name === undefined ? [] : [machineOf(name, row)];
  });
}

/** An IP address or host and a port, in the form of a machine's `address`. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A call of Windows PowerShell: the program and its arguments. The script never holds a text of others. */
export function powershell(
  script: string,
  env: Deps['env'],
): readonly [program: string, args: readonly string[]] {
  const program = systemProgram('WindowsPowerShell/v1.0/powershell.exe', env);
  return [program, ['-NoProfile', '-NonInteractive', '-Command', `${utf8}; ${script}`]];
}

/** Also for errors; Constrained Language Mode does not allow it. */
const utf8 = 'try { [Console]::OutputEncoding = [Text.Encoding]::UTF8 } catch { }';
