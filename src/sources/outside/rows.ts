import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { isAbsolute, normalize } from 'node:path';
import { quoteNames } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import { type Endpoint, type Route, routeBy } from '../../route.js';
import { checkUserName, hasControlCharacter, isLoopback, nameProblem, plainIp } from '../../target/names.js';
import { sshPort, withDashes } from '../../target/numbers.js';
import { routesTo } from '../routes.js';
import type { DiscoveredMachine, Listing, Warning } from '../source.js';
import { isJsonObject, type JsonObject } from '../tools/json.js';
import { answerIn, isTooLong, maxCharacters, readList, shortText, statusIn } from '../tools/row-limits.js';
import { authorityOf } from '../trusted-path.js';
import { isAmong, type OutsideLine } from './file.js';

/** What a row may say depends on its source. */
type RowSource = Pick<OutsideLine, 'name' | 'names' | 'folder'>;

/** The machines in what a source printed: rows of `vmssh list --json`. Throws a DiscoveryError. */
export function machinesIn(source: RowSource, text: string, workedMs?: () => number): Listing {
  const { name: provider } = source;
  const { machines: found, warnings } = readList<DiscoveredMachine>(answerIn(text), {
    who: 'a source',
    machineOf: (row) => machineOf(source, row),
    providerOf: () => provider,
    provider,
    workedMs,
  });
  const ids = [...groupBy(found, ({ uuid }) => uuid)].map(([id, all]) => (id === undefined ? [] : all));
  const names = [...groupBy(found, ({ name }) => name).values()];
  const twice = [
    ...ids.filter(isShared).map((all) => `${all.length} rows have one "id": ${namesOf(all)}`),
    ...names.filter(isShared).map((all) => `${all.length} rows are named ${namesOf(all.slice(0, 1))}`),
  ].map((problem): Warning => ({ provider, code: 'TWICE', problem }));
  return { found, warnings: [...warnings, ...twice] };
}

function isShared({ length }: readonly DiscoveredMachine[]): boolean {
  return length > 1;
}

function namesOf(machines: readonly DiscoveredMachine[]): string {
  const names = machines.map(({ name }) => name);
  return quoteNames(names, ', ');
}

/** A machine of a source, or why its row cannot be used, in our own words. */
export function machineOf(source: RowSource, row: JsonObject): DiscoveredMachine | string {
  const { name, routes: listed } = row;
  if ([name, row.address, row.user, row.identityFile].some(isTooLong))
    return `a text has more than ${maxCharacters} characters`;
  if (typeof name !== 'string') return 'it has no "name"';
  if (nameProblem(name) !== undefined) return 'its name is empty, or has a slash or a control character';
  if (source.names && !isAmong(source.names, name)) return 'its name matches none of the "names" of its line';
  const status = statusIn(row);
  if (status === undefined) return 'its "status" is missing or unknown';
  const id = idOf(row);
  if (id === null) return `its "id" is no text of at most ${maxCharacters} characters`;
  const routes = routesIn(listed);
  const address = addressIn(row.address);
  const hostKeys = hostKeysIn(row.hostKeys);
  const wrong = [routes, address, hostKeys].find((each) => typeof each === 'string');
  if (wrong !== undefined) return wrong as string;
  return {
    name,
    target: `${source.name}/${name}`,
    provider: source.name,
    authority: authorityOf(),
    status,
    uuid: id && ownUuid(source.name, id),
    routes: (routes.length > 0 || address === undefined ? routes : [address]) as readonly Route[],
    user: userOf(source, row),
    identityFile: keyOf(source, row),
    ...(Array.isArray(hostKeys) ? { hostKeys } : {}),
  };
}

/** What of a row is not used though the machine is, one clause each. */
export function unusedOf(source: RowSource, row: JsonObject): readonly string[] {
  const below = source.folder === undefined ? 'its line names no "folder"' : `only ${source.folder} counts`;
  const unused: string[] = [];
  if (row.user !== undefined && userOf(source, row) === undefined)
    unused.push(`its "user" is not used: ${below}, or no user has it`);
  if (row.identityFile !== undefined && keyOf(source, row) === undefined)
    unused.push(`its "identityFile" is not used: ${below}`);
  return unused;
}

/** Undefined: it has none; null: not a text. */
function idOf({ id, uuid = id }: JsonObject): string | undefined | null {
  return uuid === undefined ? undefined : (shortText(uuid) ?? null);
}

/** Made of the source's name and its id (version 8 of RFC 9562), so that it is no other machine's, whatever the source says. */
function ownUuid(source: string, id: string): string {
  const digits = createHash('sha256').update(`vmssh source\0${source}\0${id}`).digest('hex').slice(0, 32);
  return withDashes(`${digits.slice(0, 12)}8${digits.slice(13, 16)}a${digits.slice(17)}`);
}

function isPlainText(value: unknown, longest: number): boolean {
  return typeof value === 'string' && value.length <= longest && !hasControlCharacter(value);
}

const maxHostKeys = 16;
const maxHostKey = 4096;

/** Whoever uses them checks that they are keys. */
function hostKeysIn(listed: unknown): readonly string[] | string | undefined {
  if (listed === undefined) return undefined;
  const isLine = (line: unknown) => isPlainText(line, maxHostKey);
  return Array.isArray(listed) && listed.length <= maxHostKeys && listed.every(isLine)
    ? listed
    : `its "hostKeys" are not a list of at most ${maxHostKeys} lines, "ssh-ed25519 AAAA…" each`;
}

const maxRoutes = 16;
const maxWords = 64;

function routesIn(listed: unknown): readonly Route[] | string {
  if (listed === undefined) return [];
  if (!Array.isArray(listed) || listed.length > maxRoutes)
    return `its "routes" are not a list of at most ${maxRoutes}`;
  const routes: Route[] = [];
  for (const each of listed) {
    const route = isJsonObject(each) ? routeIn(each) : 'a route is no object';
    if (typeof route === 'string') return route;
    routes.push(route);
  }
  return routes;
}

function routeIn({ command, address }: JsonObject): Route | string {
  if (command !== undefined) return execIn(command);
  return addressIn(address) ?? 'a route has neither an "address" nor a "command"';
}

/** No shell reads it: its stdin and stdout are the connection. */
function execIn(command: unknown): Route | string {
  const isWord = (word: unknown) => isPlainText(word, maxCharacters);
  if (!Array.isArray(command) || command.length > maxWords || !command.every(isWord))
    return `a "command" is not a list of at most ${maxWords} texts`;
  const [program = '']: string[] = command;
  if (!isAbsolute(program)) return 'the program of a "command" must be an absolute path';
  const step = `${program} connects to its SSH server`;
  return routeBy({ family: 'exec', command, machine: '', into: 'ssh', port: sshPort }, [step]);
}

/** Undefined: it has none. A machine is not this host itself, and a name of a network may be anybody's tomorrow. */
function addressIn(address: unknown): Route | string | undefined {
  if (address === undefined) return undefined;
  const text = shortText(address);
  if (text === undefined) return 'its "address" is no text';
  const [route] = routesTo([text]);
  if (!route)
    return 'its "address" cannot be used: expected unix/PATH, vsock/CID, vsock-mux/PATH, IP or IP:PORT';
  const { endpoint } = route;
  if (endpoint.family === 'vsock' && endpoint.cid < 3) return 'its "address" is the vsock of this host';
  if ('path' in endpoint && !endpoint.path.startsWith('/')) return 'its "address" must be an absolute path';
  if (endpoint.family === 'tcp' && isIP(endpoint.host) === 0) return 'its "address" is no IP address';
  if (isOwnServer(endpoint)) return 'its "address" is the SSH server of this host';
  return route;
}

/** A machine's own on loopback has another port; systemd gives this host the socket (systemd-ssh-generator(8)). */
function isOwnServer(endpoint: Endpoint): boolean {
  if (endpoint.family === 'unix') return normalize(endpoint.path) === '/run/ssh-unix-local/socket';
  if (endpoint.family !== 'tcp') return false;
  const { host, port } = endpoint;
  return ['0.0.0.0', '::'].includes(plainIp(host)) || (isLoopback(host) && port === sshPort);
}

function userOf({ folder }: RowSource, { user }: JsonObject): string | undefined {
  if (folder === undefined || typeof user !== 'string') return undefined;
  try {
    return checkUserName(user);
  } catch {
    return undefined;
  }
}

/** Only below the source's own folder: ssh offers a key of it to the machine. */
function keyOf({ folder }: RowSource, { identityFile: path }: JsonObject): string | undefined {
  if (folder === undefined || typeof path !== 'string' || hasControlCharacter(path)) return undefined;
  return normalize(path) === path && path.startsWith(`${normalize(`${folder}/`)}`) ? path : undefined;
}
