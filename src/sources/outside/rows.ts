import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { isAbsolute, normalize } from 'node:path';
import { quote, quoteNames } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import { hasControlCharacter, isLoopback, nameProblem, plainIp, userProblem } from '../../typed/names.js';
import { parseUuid, sshPort, withDashes } from '../../typed/numbers.js';
import { type Endpoint, type Route, routeBy } from '../../typed/route.js';
import { routesTo } from '../routes.js';
import { type DiscoveredMachine, type Listing, statuses, type Warning } from '../source.js';
import { type ExecWords, execRoutes } from '../tools/exec-route.js';
import { isJsonObject, type JsonObject } from '../tools/json.js';
import { isTooLong, type ListAnswer, maxCharacters, readList, shortText } from '../tools/row-limits.js';
import { authorityOf } from '../trusted-path.js';
import { isAmong, type OutsideLine } from './file.js';

/** What a row may say depends on its source. */
type RowSource = Pick<OutsideLine, 'name' | 'names' | 'folder'>;

/** The machines in what a source printed: rows of `vmssh list --json`. */
export function machinesIn(source: RowSource, answer: ListAnswer, workedMs?: () => number): Listing {
  const { name: provider } = source;
  const { machines: found, warnings } = readList<DiscoveredMachine>(answer, {
    who: 'a source',
    machineOf: (row) => machineOf(source, row),
    providerOf: () => provider,
    provider,
    workedMs,
  });
  const sharing = (of: (machine: DiscoveredMachine) => string | undefined) => {
    const all = [...groupBy(found, of)].filter(([what, { length }]) => what !== undefined && length > 1);
    return all.map(([, machines]) => machines.map(({ name }) => name));
  };
  const twice = [
    ...sharing(({ uuid }) => uuid).map((all) => `${all.length} rows have one "id": ${quoteNames(all, ', ')}`),
    ...sharing(({ name }) => name).map((all) => `${all.length} rows are named ${quote(all[0] ?? '')}`),
  ].map((problem): Warning => ({ provider, code: 'TWICE', problem }));
  return { found, warnings: [...warnings, ...twice] };
}

/** A machine of a source, or why its row cannot be used, in our own words. */
export function machineOf(source: RowSource, row: JsonObject): DiscoveredMachine | string {
  const { name, routes: listed } = row;
  if ([name, row.address, row.user, row.identityFile].some(isTooLong))
    return `a text has more than ${maxCharacters} characters`;
  if (typeof name !== 'string') return 'it has no "name"';
  if (nameProblem(name) !== undefined) return 'its name is empty, or has a slash or a control character';
  if (source.names && !isAmong(source.names, name)) return 'its name matches none of the "names" of its line';
  const status = statuses.find((each) => each === row.status);
  const said = typeof row.status === 'string' ? quote(row.status.slice(0, 40)) : 'missing, or no text';
  if (status === undefined) return `its "status" is ${said}: it must be one of ${statuses.join(', ')}`;
  const id = idOf(row);
  if (id === null) return `its "id" is no text of at most ${maxCharacters} characters`;
  const routes = routesIn(listed);
  const address = addressIn(row.address);
  const hostKeys = hostKeysIn(row.hostKeys);
  const exec = execIn(row.exec);
  const ids = namesIn(row.also);
  const dmiUuid = dmiUuidIn(row.dmiUuid);
  const wrong = [routes, address, hostKeys, exec, ids, dmiUuid?.wrong].find(
    (each) => typeof each === 'string',
  );
  if (wrong !== undefined) return wrong as string;
  const { words, carriesStreams } = (exec ?? {}) as Partial<Exec>;
  const listedRoutes = routes.length > 0 || address === undefined ? routes : [address];
  return {
    name,
    target: `${source.name}/${name}`,
    provider: source.name,
    authority: authorityOf(),
    status,
    uuid: id && ownUuid(source.name, id),
    routes: withExec(listedRoutes as readonly Route[], carriesStreams ? execRoutes(words, name) : []),
    user: whyNoUser(source, row) === undefined ? (row.user as string) : undefined,
    identityFile: whyNoKey(source, row) === undefined ? (row.identityFile as string) : undefined,
    ...(Array.isArray(hostKeys) ? { hostKeys } : {}),
    ...(Array.isArray(ids) ? { ids } : {}),
    ...(words && { exec: words }),
    ...(dmiUuid && { dmiUuid: dmiUuid.uuid }),
  };
}

/** What of a row is not used though the machine is, one clause each. */
export function unusedOf(source: RowSource, row: JsonObject): readonly string[] {
  const reasons = { user: whyNoUser(source, row), identityFile: whyNoKey(source, row) };
  return Object.entries(reasons).flatMap(([field, why]) =>
    row[field] === undefined || why === undefined ? [] : `its "${field}" is not used: ${why}`,
  );
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

const maxNames = 16;

/** What else a machine is called; the targets of other sources, which `vmssh list --json` has there, are no names. */
function namesIn(also: unknown): readonly string[] | string | undefined {
  if (also === undefined) return undefined;
  const isText = (each: unknown) => isPlainText(each, maxCharacters);
  if (!Array.isArray(also) || also.length > maxNames || !also.every(isText))
    return `its "also" is not a list of at most ${maxNames} names`;
  return also.filter((each) => nameProblem(each) === undefined);
}

/** What the firmware of a virtual machine tells its system. */
function dmiUuidIn(given: unknown): { readonly uuid?: string; readonly wrong?: string } | undefined {
  if (given === undefined) return undefined;
  const uuid = typeof given === 'string' ? parseUuid(given) : undefined;
  return uuid === undefined ? { wrong: 'its "dmiUuid" is no UUID' } : { uuid };
}

/** The words in front of a program that runs in a machine as its root. */
interface Exec {
  readonly words: ExecWords;
  readonly carriesStreams: boolean;
}

function execIn(given: unknown): Exec | string | undefined {
  if (given === undefined) return undefined;
  const { command, streams = true } = isJsonObject(given) ? given : { command: given };
  if (typeof streams !== 'boolean') return 'the "streams" of its "exec" is neither true nor false';
  const words = wordsIn('exec', command);
  return typeof words === 'string' ? words : { words, carriesStreams: streams };
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
  if (command !== undefined) return commandIn(command);
  return addressIn(address) ?? 'a route has neither an "address" nor a "command"';
}

/** The last one that costs no network: an address on one is used only if it is chosen, once another route stands before it. */
function withExec(routes: readonly Route[], exec: readonly Route[]): readonly Route[] {
  const isOnNetwork = ({ endpoint }: Route) => endpoint.family === 'tcp' && !isLoopback(endpoint.host);
  const at = exec.length === 0 ? -1 : routes.findIndex(isOnNetwork);
  return at < 0 ? [...routes, ...exec] : [...routes.slice(0, at), ...exec, ...routes.slice(at)];
}

/** No shell reads it: its stdin and stdout are the connection. */
function commandIn(listed: unknown): Route | string {
  const command = wordsIn('command', listed);
  if (typeof command === 'string') return command;
  const step = `${command[0]} connects to its SSH server`;
  return routeBy({ family: 'exec', command, machine: '', into: 'ssh', port: sshPort }, [step]);
}

function wordsIn(field: string, words: unknown): ExecWords | string {
  const isWord = (word: unknown) => isPlainText(word, maxCharacters);
  if (!Array.isArray(words) || words.length > maxWords || !words.every(isWord))
    return `a "${field}" is not a list of at most ${maxWords} texts`;
  const [program = '', ...args]: string[] = words;
  return isAbsolute(program) ? [program, ...args] : `the program of a "${field}" must be an absolute path`;
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

function whyNoUser({ folder }: RowSource, { user }: JsonObject): string | undefined {
  if (folder === undefined) return noFolder;
  const why = typeof user === 'string' ? userProblem(user) : 'is no text';
  return why && `it ${why}`;
}

const noFolder = 'its line has no "folder"';

/** Only below the source's own folder: ssh offers a key of it to the machine. */
function whyNoKey({ folder }: RowSource, { identityFile: path }: JsonObject): string | undefined {
  if (folder === undefined) return noFolder;
  if (typeof path !== 'string' || hasControlCharacter(path)) return 'it is no path';
  if (normalize(path) !== path) return 'it has "..", "." or "//" in it';
  return path.startsWith(normalize(`${folder}/`)) ? undefined : `it is not below the "folder" ${folder}`;
}
