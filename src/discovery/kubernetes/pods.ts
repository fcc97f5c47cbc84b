import type { Status } from '../provider.js';
import { execRoute } from '../tools/exec-route.js';
import { textOf } from '../tools/json-tool.js';
import type { ClusterMade } from './cluster.js';

/** Pods, whose sshd kubectl's exec starts. */
export const podsMade: ClusterMade = {
  resource: 'pods',
  toMachine({ name, namespace, metadata, status }, container) {
    const known = phases.get(textOf(status, 'phase') ?? '') ?? 'unknown';
    // Kubernetes shows it only by this mark.
    const own: Status = known === 'running' && 'deletionTimestamp' in metadata ? 'stopping' : known;
    const exec = own === 'running' ? execRoute('kubectl', name, { namespace, container }) : undefined;
    return {
      name,
      target: `kubectl/${namespace}/${name}${container === undefined ? '' : `/${container}`}`,
      status: own,
      provider: 'kubectl',
      uuid: textOf(metadata, 'uid'),
      ...(exec ? { routes: [exec] } : {}),
    };
  },
};

const phases: ReadonlyMap<string, Status> = new Map([
  ['Pending', 'starting'],
  ['Running', 'running'],
  ['Succeeded', 'off'],
  ['Failed', 'off'],
]);
