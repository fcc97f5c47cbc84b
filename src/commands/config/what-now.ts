import type { Io } from '../../cli/command.js';
import { pasteable } from '../../cli/message.js';
import { printable } from '../../errors.js';
import { countBy } from '../../group-by.js';
import type { HostEntry, HostState } from '../../ssh/config/state.js';

/** How many commands stand on the line. */
const most = 8;

/** From this number on, ssh's own time for the Hosts of other hypervisors can be felt. */
const manyHosts = 2000;
/** For each Host at each start of ssh (docs/many-hosts.md). Milliseconds. */
const costOfHost = 0.008;

/** The last lines of `config install`: what to type now that ssh reads lines made of this state. `served`: systemd listens on the loopback ports. */
export function whatNow({ machines, options }: HostState, served: boolean, io: Io): string {
  const hosts = machines.map(({ host }) => host);
  if (hosts.length === 0) {
    const then = options.fresh
      ? 'once vmssh list shows one, ssh knows its name'
      : 'run vmssh config install again when there is one';
    return pasteable(`no machine with a name yet: ${then}; an address works now: ssh root@vsock/3`, io);
  }
  const more = hosts.length > most ? `, and ${hosts.length - most} more` : '';
  const commands = hosts.slice(0, most).map((host) => `ssh ${host}`);
  const all = `${counted(hosts.length)}: ${commands.join(', ')}${more}`;
  return [
    all,
    ...whichIsWhich(machines),
    ...whatTheyCost(machines, io),
    ...whoMayConnect(options, served, io),
  ].join('\n');
}

export function counted(machines: number): string {
  return `${machines} machine${machines === 1 ? '' : 's'}`;
}

/** Each time, as these are ports on which others could connect. */
function whoMayConnect({ loopback }: HostState['options'], served: boolean, io: Io): readonly string[] {
  if (loopback === undefined) return [];
  const who = loopback === 'all' || io.platform === 'win32' ? 'every user of this host' : 'only you and root';
  const by = served ? 'systemd listens there' : 'vmssh forward --all connects them';
  return [pasteable(`ports on 127.0.0.1: vmssh list --loopback; ${by}, for ${who}`, io)];
}

/** For very many Hosts of other hypervisors. */
function whatTheyCost(machines: readonly HostEntry[], io: Io): readonly string[] {
  const there = machines.filter(({ via }) => via !== undefined);
  if (there.length < manyHosts) return [];
  const ms = Math.round(there.length * costOfHost);
  const [{ via } = { via: 'HOST' }] = there;
  return [
    pasteable(
      `each start of ssh reads them: ${there.length} Hosts of other hypervisors cost it about ${ms} ms. vmssh config install --only-patterns writes no Host, and ssh via/${via}/NAME works without one`,
      io,
    ),
  ];
}

/** For Hosts that differ only in case: the target of each. */
function whichIsWhich(machines: readonly HostEntry[]): readonly string[] {
  const count = countBy(machines, ({ host }) => host.toLowerCase());
  const twins = machines.filter(({ host }) => (count.get(host.toLowerCase()) ?? 0) > 1);
  const told = twins
    .slice(0, most)
    .map(({ host, name, target }) => `ssh ${host} is ${printable(`${name} (${target})`)}`);
  const more = twins.length > most ? `, and ${twins.length - most} more` : '';
  return told.length === 0 ? [] : [`they differ only in case: ${told.join(', ')}${more}`];
}
