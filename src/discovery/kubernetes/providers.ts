import type { Provider } from '../provider.js';
import type { ClusterMade } from './cluster.js';

/** Milliseconds: the cluster is on a network. */
const limitMs = 10_000;

/** Virtual machines of KubeVirt that run, by virtctl. */
export const kubevirt = ofCluster(
  'kubevirt',
  'KubeVirt',
  async () => (await import('./kubevirt.js')).machinesMade,
);

/** Pods, whose sshd kubectl's exec starts. */
export const kubectl = ofCluster('kubectl', 'Kubernetes', async () => (await import('./pods.js')).podsMade);

/**
 * Machines of the cluster that kubectl's current context names, in its namespace, or in one that is typed. It is asked only by
 * name, since it is on a network: only then is loaded what asks it.
 */
function ofCluster(name: string, title: string, load: () => Promise<ClusterMade>): Provider {
  return {
    name,
    title,
    platforms: ['linux', 'darwin'],
    isOnlyNamed: true,
    limitMs,
    async list(deps) {
      const [{ listCluster }, made] = await Promise.all([import('./cluster.js'), load()]);
      return listCluster(made, deps);
    },
    async find(typed, deps) {
      const [{ findInCluster }, made] = await Promise.all([import('./cluster.js'), load()]);
      return findInCluster(made, typed, deps);
    },
  };
}
