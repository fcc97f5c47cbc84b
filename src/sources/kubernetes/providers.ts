import type { Source } from '../source.js';

/** Milliseconds: the cluster is on a network. */
const limitMs = 10_000;

/** Virtual machines of KubeVirt that run, by virtctl. */
export const kubevirt = ofCluster('kubevirt', 'KubeVirt', 'machinesMade');

/** Pods, whose sshd kubectl's exec starts. */
export const kubectl = ofCluster('kubectl', 'Kubernetes', 'podsMade');

/**
 * Machines of the cluster that kubectl's current context names, in its namespace, or in one that is typed. It is asked only by
 * name, since it is on a network: only then is loaded what asks it.
 */
function ofCluster(name: string, title: string, made: 'machinesMade' | 'podsMade'): Source {
  return {
    name,
    title,
    limitMs,
    async list(deps) {
      const cluster = await import('./cluster.js');
      return cluster.listCluster(cluster[made], deps);
    },
    async find(typed, deps) {
      const cluster = await import('./cluster.js');
      return cluster.findInCluster(cluster[made], typed, deps);
    },
  };
}
