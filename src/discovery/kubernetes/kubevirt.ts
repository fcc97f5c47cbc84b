import type { ListedRoute } from '../../route.js';
import type { Status } from '../provider.js';
import { isJsonObject } from '../tools/json.js';
import { textOf } from '../tools/json-tool.js';
import type { ClusterMade, ClusterObject } from './cluster.js';

/** Virtual machines of KubeVirt that run, by virtctl. */
export const machinesMade: ClusterMade = {
  resource: 'virtualmachineinstances.kubevirt.io',
  toMachine(object) {
    const { name, namespace } = object;
    const status = statusOf(object);
    return {
      name,
      target: `kubevirt/${namespace}/${name}`,
      status,
      provider: 'kubevirt',
      uuid: firmwareUuid(object),
      ...(status === 'running' || status === 'starting' ? { routes: routesTo(object) } : {}),
    };
  },
};

/** By its vsock first if it has one: virtctl has --vsock since https://github.com/kubevirt/kubevirt/pull/18274. */
function routesTo({ name, namespace, status }: ClusterObject): readonly ListedRoute[] {
  const forward = (...how: readonly string[]): ListedRoute => ({
    route: 'exec',
    command: [
      'virtctl',
      `--namespace=${namespace}`,
      'port-forward',
      '--stdio=true',
      ...how,
      `vmi/${name}`,
      '22',
    ],
  });
  // Its TLS is for programs that KubeVirt signs certificates for, not for sshd.
  const vsock = typeof status.VSOCKCID === 'number' ? [forward('--vsock', '--vsock-tls=false')] : [];
  return [...vsock, forward()];
}

function statusOf({ status }: ClusterObject): Status {
  const known = phases.get(textOf(status, 'phase') ?? '') ?? 'unknown';
  const conditions = Array.isArray(status.conditions) ? status.conditions.filter(isJsonObject) : [];
  const isPaused = conditions.some((each) => each.type === 'Paused' && each.status === 'True');
  return known === 'running' && isPaused ? 'paused' : known;
}

/** It stays when the machine is started again, unlike the uid of the object. */
function firmwareUuid({ spec }: ClusterObject): string | undefined {
  const domain = isJsonObject(spec.domain) ? spec.domain : {};
  return isJsonObject(domain.firmware) ? textOf(domain.firmware, 'uuid') : undefined;
}

const phases: ReadonlyMap<string, Status> = new Map([
  ['Pending', 'starting'],
  ['Scheduling', 'starting'],
  ['Scheduled', 'starting'],
  ['Running', 'running'],
  ['Succeeded', 'off'],
  ['Failed', 'off'],
]);
