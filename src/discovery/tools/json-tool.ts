import { DiscoveryError } from '../discovery-error.js';
import type { Deps, DiscoveredMachine, Listing } from '../provider.js';
import { isJsonObject, type JsonObject, parseJson } from './json.js';
import type { RunTool } from './run-tool.js';

/** A machine's own list by a tool's command: nothing where it is not installed, a warning where it fails. */
export async function listByTool(
  provider: string,
  command: readonly string[],
  parse: (text: string) => readonly DiscoveredMachine[],
  deps: Deps,
  run: RunTool,
): Promise<Listing> {
  const [program = '', ...args] = command;
  try {
    return { found: parse(await run(program, args, deps)), warnings: [] };
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    // EACCES: it lies in a folder of PATH that is closed to this user.
    if (error.code === 'ENOENT' || error.code === 'EACCES') return { found: [], warnings: [] };
    // Who reads it is told the provider's name already.
    const own = `${provider}: `;
    const problem = error.message.startsWith(own) ? error.message.slice(own.length) : error.message;
    return { found: [], warnings: [{ provider, code: error.code, problem }] };
  }
}

/** The same by a tool that refuses to work for root, and so has no machine of root's. */
export async function listByUsersTool(
  uid: number | undefined,
  ...how: Parameters<typeof listByTool>
): Promise<Listing> {
  return uid === 0 ? { found: [], warnings: [] } : listByTool(...how);
}

/** The objects of a JSON array, or of JSON lines. Throws a DiscoveryError PROTOCOL. */
export function jsonObjects(
  text: string,
  from: (value: unknown) => unknown = (value) => value,
): readonly JsonObject[] {
  try {
    const value: unknown = text.trimStart().startsWith('[') ? parseJson(text) : undefined;
    if (value !== undefined) return arrayOf(from(value));
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
  if (!Array.isArray(value)) throw new DiscoveryError('PROTOCOL', 'its JSON is no list');
  return value.filter(isJsonObject);
}

/** A field that is a text and not empty. */
export function textOf(object: JsonObject, field: string): string | undefined {
  const value = object[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A field that is a TCP port, also where it is written as text. */
export function portOf(object: JsonObject, field: string): number | undefined {
  const port = Number(object[field]);
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
}

/** An IP address or host and a port, as `address` of a machine has them. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
