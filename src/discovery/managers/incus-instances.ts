import { isIP } from 'node:net';
import { machineCid } from '../../address/cid.js';
import { parseUuid } from '../../address/guid.js';
import { countBy } from '../../group-by.js';
import { DiscoveryError } from '../discovery-error.js';
import type { DiscoveredMachine, Status } from '../provider.js';
import { routeTo } from '../routes.js';
import { isJsonObject } from '../tools/json.js';
import { textOf } from '../tools/json-tool.js';

/** An instance, and what its client has to be told of it. */
export interface Instance extends DiscoveredMachine {
  /** Undefined: the default one. */
  readonly project?: string | undefined;
  /** Undefined: incus. */
  readonly client?: 'lxc' | undefined;
}

/** Reads the answer to GET /1.0/instances?recursion=2; `own`: this member of the cluster. Throws a DiscoveryError PROTOCOL. */
export function parseInstances(answer: unknown, own?: string): readonly Instance[] {
  if (!isJsonObject(answer) || !Array.isArray(answer.metadata))
    throw new DiscoveryError('PROTOCOL', 'the answer has no list of instances');
  const instances = answer.metadata.filter(isJsonObject);
  const named = countBy(instances, ({ name }) => name);
  return instances.flatMap((instance): Instance[] => {
    const name = textOf(instance, 'name');
    if (name === undefined) return [];
    const config = isJsonObject(instance.config) ? instance.config : {};
    const isOnly = named.get(name) === 1;
    const uuid = parseUuid(textOf(config, 'volatile.uuid') ?? '');
    const known = states.get(textOf(instance, 'status') ?? '') ?? 'unknown';
    const status = known === 'off' && instance.stateful === true ? 'saved' : known;
    const cid =
      instance.type === 'virtual-machine' ? machineCid(textOf(config, 'volatile.vsock_id')) : undefined;
    const ip = ipAddress(instance.state);
    const address = cid === undefined ? ip : `vsock/${cid}`;
    const routes = cid === undefined || ip === undefined ? undefined : [`vsock/${cid}`, ip].map(routeTo);
    const project = textOf(instance, 'project');
    const location = textOf(instance, 'location');
    const via = location === 'none' || location === own ? undefined : location;
    const target = `${via === undefined ? '' : `via/${via}/`}incus/${isOnly ? name : (uuid ?? name)}`;
    return [
      {
        name,
        target,
        status,
        provider: 'incus',
        cid,
        uuid,
        address,
        ...(routes ? { routes } : {}),
        ...(via === undefined ? {} : { via }),
        ...(project === undefined || project === 'default' ? {} : { project }),
      },
    ];
  });
}

// The first address that is not only local to the machine, IPv4 before IPv6.
function ipAddress(state: unknown): string | undefined {
  const network = isJsonObject(state) && isJsonObject(state.network) ? state.network : {};
  const addresses = Object.values(network)
    .flatMap((device) => (isJsonObject(device) && Array.isArray(device.addresses) ? device.addresses : []))
    .filter(isJsonObject)
    .filter(({ scope }) => scope === 'global')
    .map((each) => textOf(each, 'address') ?? '');
  return addresses.find((each) => isIP(each) === 4) ?? addresses.find((each) => isIP(each) === 6);
}

const states: ReadonlyMap<string, Status> = new Map([
  ['Running', 'running'],
  // Running, and its agent reports the end of the boot.
  ['Ready', 'running'],
  ['Starting', 'starting'],
  ['Stopped', 'off'],
  ['Stopping', 'stopping'],
  ['Aborting', 'stopping'],
  ['Freezing', 'paused'],
  ['Frozen', 'paused'],
]);
