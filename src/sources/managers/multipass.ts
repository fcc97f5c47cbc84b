import { isIP } from 'node:net';
import { shellQuoted } from '../../typed/shell.js';
import { routesTo } from '../routes.js';
import type { Deps, DiscoveredMachine, Listing, Source } from '../source.js';
import { DiscoveryError, statusReader } from '../source.js';
import { operand } from '../start-command.js';
import { guestsOnly, type IsGuests, notLocal } from '../tools/guest-addresses.js';
import { objectAt, objectsIn } from '../tools/json.js';
import type { RunTool } from '../tools/run-tool.js';
import { asksElsewhere, listByTool, machinesNamed, printedJson, runTool } from '../tools/run-tool.js';

/** Multipass instances, by IP address. */
export const multipass: Source = {
  name: 'multipass',
  title: 'Multipass',
  programs: ['multipass'],
  listCommand: 'multipass list',
  hints: {
    // https://github.com/canonical/multipass/issues/1957
    key: (name) =>
      `only root can read the key that Multipass made; vmssh setup ${shellQuoted(`multipass/${name}`)} puts your own into the machine`,
  },
  list: (deps) => listMultipass(deps),
  start: ({ name: machine }) => ({ machine, command: ['multipass', 'start', ...operand(machine)] }),
  // By an ssh of its own to the machine's address, which another machine on its bridge can take.
  isSilent: true,
  async files({ name }) {
    const { isPlainName } = await import('../tools/machine-files.js');
    const command = ['multipass', 'exec', name, '--', 'sudo', '-n'];
    return isPlainName(name) ? { asRoot: { by: 'exec', command }, read: async () => [] } : undefined;
  },
};

export async function listMultipass(deps: Deps, run: RunTool = runTool): Promise<Listing> {
  const { MULTIPASS_SERVER_ADDRESS: server } = deps.env;
  if (server && !server.startsWith('unix:')) return asksElsewhere(multipass.name, server);
  const parse = (text: string) =>
    guestsOnly((isGuests) => parseMultipass(text, deps.platform, isGuests), deps, run);
  return listByTool(multipass.name, ['multipass', 'list', '--format', 'json'], parse, deps, run);
}

export function parseMultipass(
  text: string,
  platform: NodeJS.Platform = process.platform,
  isGuests: IsGuests = notLocal,
): readonly DiscoveredMachine[] {
  const isIpv4 = (each: unknown) => typeof each === 'string' && isIP(each) === 4 && isGuests(each);
  const { list } = objectAt(printedJson(text));
  if (!Array.isArray(list)) throw new DiscoveryError('PROTOCOL', 'it printed no list of machines');
  // A deleted one cannot be started, only recovered.
  const rows = objectsIn(list).filter(({ state }) => state !== 'Deleted');
  return machinesNamed(rows, 'name', (name, { state, ipv4 }) => ({
    name,
    target: `multipass/${name}`,
    provider: multipass.name,
    status: statusOf(state),
    routes: routesTo([Array.isArray(ipv4) ? ipv4.find(isIpv4) : undefined]),
    // Multipass' images have this user, and the daemon's key, which only root may read.
    user: 'ubuntu',
    identityFile: `${platform === 'darwin' ? onMac : asSnap}/multipassd/ssh-keys/id_rsa`,
  }));
}

/** The folders of the daemon's data. */
const asSnap = '/var/snap/multipass/common/data';
const onMac = '/var/root/Library/Application Support';

const statusOf = statusReader({
  running: ['Running', 'Delayed Shutdown'],
  starting: ['Starting', 'Restarting'],
  off: ['Stopped'],
  stopping: ['Suspending'],
  saved: ['Suspended'],
});
