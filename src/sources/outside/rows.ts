import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { isAbsolute, normalize } from 'node:path';
import { quote, quoteNames } from '../../base/errors.js';
import { groupBy } from '../../base/group-by.js';
import { hasControlCharacter, isLoopback, nameProblem, plainIp, userProblem } from '../../typed/names.js';
import { parseUuid, sshPort, withDashes } from '../../typed/numbers.js';
import { type Endpoint, type Route, routeBy } from '../../typed/route.js';
import { routesTo } from '../routes.js';
import { type DiscoveredMachine, type Listing, type Status, statuses, type Warning } from '../source.js';
import { type ExecWords, execRoutes } from '../tools/exec-route.js';
import { isJsonObject, type JsonObject } from '../tools/json.js';
import { isTooLong, type ListAnswer, maxCharacters, readList, shortText } from '../tools/row-limits.js';
import { authorityOf } from '../trusted-path.js';
import { isAmong, type OutsideLine } from './file.js';

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
  try {
    return readRow(source, row);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
}

function must(holds: boolean, problem: string): asserts holds {
  if (!holds) throw new RangeError(problem);
}

function readRow(source: RowSource, row: JsonObject): DiscoveredMachine {
  const { name } = row;
  const isLong = [name, row.address, row.user, row.identityFile].some(isTooLong);
  must(!isLong, `a text has more than ${maxCharacters} characters`);
  must(typeof name === 'string', 'it has no "name"');
  must(nameProblem(name) === undefined, 'its name is empty, or has a slash or a control character');
  const isIts = !source.names || isAmong(source.names, name);
  must(isIts, 'its name matches none of the "names" of its line');
  const routes = routesIn(row.routes);
  const address = row.address === undefined ? [] : [addressIn(row.address)];
  const { words, carriesStreams } = execIn(row.exec);
  return {
    name,
    target: `${source.name}/${name}`,
    provider: source.name,
    authority: authorityOf(),
    status: statusIn(row.status),
    uuid: uuidIn(source.name, row),
    routes: withExec(routes.length > 0 ? routes : address, carriesStreams ? execRoutes(words, name) : []),
    user: whyNoUser(source, row) === undefined ? (row.user as string) : undefined,
    identityFile: whyNoKey(source, row) === undefined ? (row.identityFile as string) : undefined,
    hostKeys: hostKeysIn(row.hostKeys),
    ids: namesIn(row.also),
    exec: words,
    dmiUuid: dmiUuidIn(row.dmiUuid),
  };
}

/** What of a row is not used though the machine is, one clause each. */
export function unusedOf(source: RowSource, row: JsonObject): readonly string[] {
  const reasons = { user: whyNoUser(source, row), identityFile: whyNoKey(source, row) };
  return Object.entries(reasons).flatMap(([field, why]) =>
    row[field] === undefined || why === undefined ? [] : `its "${field}" is not used: ${why}`,
  );
}

function statusIn(given: unknown): Status {
  const status = statuses.find((each) => each === given);
  const said = typeof given === 'string' ? quote(given.slice(0, 40)) : 'missing, or no text';
  must(status !== undefined, `its "status" is ${said}: it must be one of ${statuses.join(', ')}`);
  return status;
}

/** Made of the source's name and its id (version 8 of RFC 9562), so that it is no other machine's, whatever the source says. */
function uuidIn(source: string, { id, uuid = id }: JsonObject): string | undefined {
  if (uuid === undefined) return undefined;
  const own = shortText(uuid);
  must(own !== undefined, `its "id" is no text of at most ${maxCharacters} characters`);
  const digits = createHash('sha256').update(`vmssh source\0${source}\0${own}`).digest('hex').slice(0, 32);
  return withDashes(`${digits.slice(0, 12)}8${digits.slice(13, 16)}a${digits.slice(17)}`);
}

/** A list of texts without control characters. */
function textsIn(given: unknown, most: number, longest: number, problem: string): readonly string[] {
  const isText = (each: unknown) =>
    typeof each === 'string' && each.length <= longest && !hasControlCharacter(each);
  must(Array.isArray(given) && given.length <= most && given.every(isText), problem);
  return given;
}

const maxHostKeys = 16;
const maxHostKey = 4096;

/** Whoever uses them checks that they are keys. */
function hostKeysIn(listed: unknown): readonly string[] | undefined {
  const problem = `its "hostKeys" are not a list of at most ${maxHostKeys} lines, "ssh-ed25519 AAAA…" each`;
  return listed === undefined ? undefined : textsIn(listed, maxHostKeys, maxHostKey, problem);
}

const maxNames = 16;

/** The targets of other sources, which `vmssh list --json` has there, are no names. */
function namesIn(also: unknown): readonly string[] | undefined {
  if (also === undefined) return undefined;
  const problem = `its "also" is not a list of at most ${maxNames} names`;
  const names = textsIn(also, maxNames, maxCharacters, problem);
  return names.filter((name) => nameProblem(name) === undefined);
}

function dmiUuidIn(given: unknown): string | undefined {
  const uuid = typeof given === 'string' ? parseUuid(given) : undefined;
  must(given === undefined || uuid !== undefined, 'its "dmiUuid" is no UUID');
  return uuid;
}

function execIn(given: unknown): { readonly words?: ExecWords; readonly carriesStreams?: boolean } {
  if (given === undefined) return {};
  const { command, streams = true } = isJsonObject(given) ? given : { command: given };
  must(typeof streams === 'boolean', 'the "streams" of its "exec" is neither true nor false');
  return { words: wordsIn('exec', command), carriesStreams: streams };
}

const maxRoutes = 16;
const maxWords = 64;

function routesIn(listed: unknown = []): readonly Route[] {
  const isList = Array.isArray(listed) && listed.length <= maxRoutes;
  must(isList, `its "routes" are not a list of at most ${maxRoutes}`);
  return listed.map((each: unknown) => {
    must(isJsonObject(each), 'a route is no object');
    if (each.command !== undefined) return commandIn(each.command);
    must(each.address !== undefined, 'a route has neither an "address" nor a "command"');
    return addressIn(each.address);
  });
}

/** The last one that costs no network: an address on one is used only if it is chosen, once another route stands before it. */
function withExec(routes: readonly Route[], exec: readonly Route[]): readonly Route[] {
  const isOnNetwork = ({ endpoint }: Route) => endpoint.family === 'tcp' && !isLoopback(endpoint.host);
  const at = exec.length === 0 ? -1 : routes.findIndex(isOnNetwork);
  return at < 0 ? [...routes, ...exec] : [...routes.slice(0, at), ...exec, ...routes.slice(at)];
}

/** No shell reads it: its stdin and stdout are the connection. */
function commandIn(listed: unknown): Route {
  const command = wordsIn('command', listed);
  const step = `${command[0]} connects to its SSH server`;
  return routeBy({ family: 'exec', command, machine: '', into: 'ssh', port: sshPort }, [step]);
}

function wordsIn(field: string, given: unknown): ExecWords {
  const problem = `a "${field}" is not a list of at most ${maxWords} texts`;
  const [program = '', ...args] = textsIn(given, maxWords, maxCharacters, problem);
  must(isAbsolute(program), `the program of a "${field}" must be an absolute path`);
  return [program, ...args];
}

/** A machine is not this host itself, and a name of a network may be anybody's tomorrow. */
function addressIn(address: unknown): Route {
  const text = shortText(address);
  must(text !== undefined, 'its "address" is no text');
  const [route] = routesTo([text]);
  const forms = 'unix/PATH, vsock/CID, vsock-mux/PATH, IP or IP:PORT';
  must(route !== undefined, `its "address" cannot be used: expected ${forms}`);
  const { endpoint } = route;
  must(endpoint.family !== 'vsock' || endpoint.cid >= 3, 'its "address" is the vsock of this host');
  const isPath = !('path' in endpoint) || endpoint.path.startsWith('/');
  must(isPath, 'its "address" must be an absolute path');
  must(endpoint.family !== 'tcp' || isIP(endpoint.host) !== 0, 'its "address" is no IP address');
  must(!isOwnServer(endpoint), 'its "address" is the SSH server of this host');
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
