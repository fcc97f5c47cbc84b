import { isIP } from 'node:net';
import { quote, quoteNames } from '../../base/errors.js';
import { settingIn, sshCommand, sshProgram } from '../../process/ssh-program.js';
import { anyIpv4, hopHostProblem, isLoopback } from '../../typed/names.js';
import { answerOf, match, searchIn, searchList } from '../search.js';
import { type Deps, type DiscoveredMachine, DiscoveryError, type Listing, type Search } from '../source.js';
import { guestsOnly } from '../tools/guest-addresses.js';
import { isJsonObject, objectAt, textOf } from '../tools/json.js';
import { jsonObjects, printedJson, type RunTool, runTool } from '../tools/run-tool.js';

/** What reads instances from an answer of Incus, and lists those of this host, which a remote may be. */
interface Local {
  parse(answer: unknown): readonly DiscoveredMachine[];
  list(deps: Deps): Promise<Listing>;
}

/** REMOTE:NAME, on a server that the user has set up by `incus remote add`: `incus` asks it, and ssh makes the hop to it. */
export function findOnRemote(
  remote: string,
  name: string,
  deps: Deps,
  local: Local,
  run: RunTool = runTool,
): Promise<Search> {
  const hints = new Map([
    ['ENOENT', `install incus-client, or without it: ssh via/HOST/incus/${name}`],
    ['NO_REMOTE', `incus remote add ${remote} URL, or without it: ssh via/HOST/incus/${name}`],
  ]);
  const search = async () => {
    const address = await addressOf(remote, deps, run);
    if (address.startsWith('unix:')) return searchList(name, local.list(deps));
    const listed = await run('incus', ['list', '--format', 'json', '--', `${remote}:`], deps);
    const machines = local.parse({ metadata: jsonObjects(listed) });
    const typed = (each: string) => `${remote}:${each}`;
    const named = <M extends DiscoveredMachine>(machine: M) => ({ ...machine, name: typed(machine.name) });
    const matches = match(name, machines);
    const means = ({ uuid = name }: DiscoveredMachine) => `incus/${typed(uuid)}`;
    const result = searchIn(matches.map(named), machines.map(named), means);
    const [meant] = matches;
    if (result.outcome !== 'found' || meant === undefined) return result;
    // Of this one only: ssh is asked for each, and a server may report any number.
    const via = await hostFor(await serverOf(meant, { name: remote, address }, deps, run), deps, run);
    const machine = { ...result.machine, via, routes: [], target: `via/${via}/incus/${meant.name}` };
    return { ...result, machine };
  };
  const usual = `see what this prints: incus list ${remote}:`;
  return answerOf(search(), deps.signal, ({ code }) => ({ hint: hints.get(code) ?? usual }));
}

async function addressOf(remote: string, deps: Deps, run: RunTool): Promise<string> {
  const remotes = objectAt(printedJson(await run('incus', ['remote', 'list', '--format', 'json'], deps)));
  const own = Object.hasOwn(remotes, remote) ? remotes[remote] : undefined;
  if (!isJsonObject(own)) {
    const names = quoteNames(Object.keys(remotes), ', ') || 'none';
    throw new DiscoveryError('NO_REMOTE', `it has no remote ${quote(remote)}, but ${names}`);
  }
  if (own.Public === true || own.Protocol === 'simplestreams')
    throw new DiscoveryError('NO_REMOTE', `its remote ${quote(remote)} has images, not machines`);
  // Newer versions have several.
  const several = Array.isArray(own.Addrs) ? own.Addrs : [];
  const address = textOf(own, 'LastWorkingAddr') ?? textOf(own, 'Addr') ?? several[0];
  if (typeof address !== 'string')
    throw new DiscoveryError('PROTOCOL', `its remote ${quote(remote)} has no address`);
  return address;
}

/** The member of the remote's cluster that has a machine; the remote itself if its cluster lists no such member, whatever the machine says. */
async function serverOf(
  { via: member }: DiscoveredMachine,
  remote: Server,
  deps: Deps,
  run: RunTool,
): Promise<Server> {
  if (member === undefined) return remote;
  const text = await run('incus', ['cluster', 'list', '--format', 'json', '--', `${remote.name}:`], deps);
  const server = jsonObjects(text).findLast((each) => textOf(each, 'server_name') === member);
  const address = server && textOf(server, 'url');
  return address === undefined ? remote : { name: member, address, isMember: true };
}

interface Server {
  readonly name: string;
  readonly address: string;
  /** Whether the remote chose its name, and not this user. */
  readonly isMember?: boolean;
}

/** What ssh is given for a server: its name in Incus, if ssh's configuration knows that name, and for a member leads to the same address; else the host in its URL. */
async function hostFor({ name, address, isMember = false }: Server, deps: Deps, run: RunTool) {
  // The executable's engine has no URL. One with an IPv6 address needs a Host.
  const [, host = ''] = /^https:\/\/([^/:[\]]+)/.exec(address) ?? [];
  if (isMember && !(await canBeMembers(host, deps, run))) {
    const problem = `its member ${quote(name)} has no address for ssh: ${quote(address)}`;
    throw new DiscoveryError('PROTOCOL', problem);
  }
  if (hopHostProblem(name) !== undefined || hopHostProblem(host) !== undefined)
    return hopHostProblem(name) === undefined ? name : host;
  const meant = await hostNameOf(name, deps, run);
  const isConfigured = meant !== undefined && (meant === host || (!isMember && meant !== name.toLowerCase()));
  return isConfigured ? name : host;
}

/** Whether a member can be where the remote says: not on this host, nor at a name that the user's configuration leads elsewhere. */
async function canBeMembers(host: string, deps: Deps, run: RunTool): Promise<boolean> {
  if (hopHostProblem(host) !== undefined) return false;
  if (isIP(host) !== 0) return guestsOnly((isGuests) => isGuests(host), deps, run);
  if (isLoopback(host) || /[.]localhost$/i.test(host) || anyIpv4(host) !== undefined) return false;
  return (await hostNameOf(host, deps, run)) === host.toLowerCase();
}

/** The HostName that ssh's configuration has for a host, else the host itself; undefined if ssh fails. */
async function hostNameOf(host: string, deps: Deps, run: RunTool): Promise<string | undefined> {
  const [program = 'ssh', ...ssh] = sshProgram({ env: deps.env, platform: process.platform });
  const settings = await run(program, sshCommand({ ssh, flags: ['-G'], host }), deps).catch(() => '');
  return settingIn(settings, 'hostname');
}
