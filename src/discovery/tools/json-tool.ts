import { DiscoveryError, problemOf } from '../discovery-error.js';
import type { Deps, DiscoveredMachine, Listing } from '../provider.js';
import { isJsonObject, type JsonObject, parseJson } from './json.js';
import type { RunTool } from './run-tool.js';

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
    if (error.code === 'ENOENT' || error.code === 'EACCES') return { found: [], warnings: [] };
    const problem = problemOf(provider, error.message);
    return { found: [], warnings: [{ provider, code: error.code, problem }] };
  }
}

/** The same with a tool that refuses to run as root, and so has no machines of root. */
export async function listByUsersTool(
  uid: number | undefined,
  ...how: Parameters<typeof listByTool>
): Promise<Listing> {
  return uid === 0 ? { found: [], warnings: [] } : listByTool(...how);
}

/** The objects of a JSON array, or of JSON lines. Throws a DiscoveryError PROTOCOL. */
export function jsonObjects(text: string): readonly JsonObject[] {
  try {
    const value: unknown = text.trimStart().startsWith('[') ? parseJson(text) : undefined;
    if (value !== undefined) return arrayOf(value);
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
    return arrayOf(lines.map((line) => parseJson(line)));
  } catch (error) {
    if (error instanceof DiscoveryError) throw error;
    throw new DiscoveryError('PROTOCOL', `it printed ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function arrayOf(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) throw new DiscoveryError('PROTOCOL', 'its JSON is not a list');
  return value.filter(isJsonObject);
}

/** A field that is a non-empty text. */
export function textOf(object: JsonObject, field: string): string | undefined {
  const value = object[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A field that is a TCP port, as a number or text. */
export function portOf(object: JsonObject, field: string): number | undefined {
  const port = Number(object[field]);
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
}

/** An IP address or host and a port, in the form of a machine's `address`. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
