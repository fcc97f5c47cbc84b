import { quote } from '../../base/errors.js';
import type { Route } from '../../typed/route.js';
import { answerOf, searchList } from '../search.js';
import type { Deps, DiscoveredMachine, Listing, Search, Source, Status } from '../source.js';
import { DiscoveryError, statusReader } from '../source.js';
import { type ExecWords, execRoutes, execToPort, execWords, optionWith } from '../tools/exec-route.js';
import { isJsonObject, type JsonObject, objectAt, objectsIn, textOf } from '../tools/json.js';
import { printedJson, type RunTool, runTool } from '../tools/run-tool.js';

export const kubevirt = ofCluster('kubevirt', 'KubeVirt', () => machinesMade);

export const kubectl: Source = {
  ...ofCluster('kubectl', 'Kubernetes', () => podsMade),
  isCluster: true,
  async files({ target }, deps) {
    const [kind, namespace, name = '', container] = target.split('/');
    const exec = kind === 'kubectl' ? kubectlExec(name, namespace, container) : undefined;
    return exec && (await import('../tools/machine-files.js')).filesByExec(exec, deps);
  },
};

/** What starts a program as the container's user. */
export function kubectlExec(pod: string, namespace?: string, container?: string): ExecWords | undefined {
  const how = [...optionWith('namespace', namespace), 'exec', '--stdin', `pod/${pod}`];
  return execWords(pod, 'kubectl', ...how, ...optionWith('container', container), '--');
}

/** Machines of the cluster that kubectl's current context names, in its namespace, or in one that is typed. */
function ofCluster(name: string, title: string, made: () => ClusterMade): Source {
  return {
    name,
    title,
    limitMs: 10_000,
    list: (deps) => listCluster(made(), deps),
    find: (typed, deps) => findInCluster(made(), typed, deps),
  };
}

export interface ClusterMade {
  /** What kubectl lists: "pods". */
  readonly resource: string;
  /** An object of the list as a machine; undefined if it is none. `container`: one of a pod's. */
  toMachine(object: ClusterObject, container: string | undefined): DiscoveredMachine;
}

interface ClusterObject {
  readonly name: string;
  readonly namespace: string;
  readonly metadata: JsonObject;
  readonly spec: JsonObject;
  readonly status: JsonObject;
}

/** `namespace`: undefined for kubectl's own. Throws a DiscoveryError. */
export async function listCluster(
  made: ClusterMade,
  deps: Deps,
  namespace?: string,
  container?: string,
  run: RunTool = runTool,
): Promise<Listing> {
  const words = [...optionWith('namespace', namespace), 'get', made.resource, '--output=json'];
  const answer = await run('kubectl', words, deps);
  return { found: parseCluster(answer).map((object) => made.toMachine(object, container)), warnings: [] };
}

/** NAME, NAMESPACE/NAME, and for a pod NAMESPACE/NAME/CONTAINER. */
export async function findInCluster(
  made: ClusterMade,
  typed: string,
  deps: Deps,
  run: RunTool = runTool,
): Promise<Search> {
  // Kubernetes has no upper case.
  const parts = typed.toLowerCase().split('/');
  const [namespace, name = '', container] = parts.length === 1 ? [undefined, parts[0]] : parts;
  const listed = searchList(name, listCluster(made, deps, namespace, container, run));
  const hint = `see what this prints: kubectl get ${made.resource}`;
  const search = await answerOf(listed, deps.signal, () => ({ hint }));
  if (search.outcome !== 'unknown') return search;
  const context = (await run('kubectl', ['config', 'current-context'], deps).catch(() => '')).trim();
  if (context === '') return search;
  return { ...search, missing: `the context ${quote(context)} has no machine ${quote(name)}` };
}

function parseCluster(text: string): readonly ClusterObject[] {
  const { items } = objectAt(printedJson(text));
  if (!Array.isArray(items)) throw new DiscoveryError('PROTOCOL', 'its answer has no list of objects');
  return items.filter(isJsonObject).flatMap((item): readonly ClusterObject[] => {
    const metadata = objectAt(item, 'metadata');
    const [name, namespace] = [textOf(metadata, 'name'), textOf(metadata, 'namespace')];
    if (!isClusterName(name) || !isClusterName(namespace)) return [];
    return [{ name, namespace, metadata, spec: objectAt(item, 'spec'), status: objectAt(item, 'status') }];
  });
}

/** Whether a text can be the name of a pod, a machine or a namespace: a DNS subdomain, RFC 1123. */
function isClusterName(text: string | undefined): text is string {
  return text !== undefined && text.length <= 253 && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(text);
}

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
      // This uid stays when the machine is started again, unlike the uid of the object.
      uuid: textOf(objectAt(object.spec, 'domain', 'firmware'), 'uuid'),
      authority: 'other',
      ...(status === 'running' || status === 'starting' ? { routes: routesTo(object) } : {}),
    };
  },
};

/** By its vsock first if it has one: virtctl has --vsock since https://github.com/kubevirt/kubevirt/pull/18274. */
function routesTo({ name, namespace, status }: ClusterObject): readonly Route[] {
  const start = ['virtctl', `--namespace=${namespace}`, 'port-forward', '--stdio=true'];
  const forward = (...how: readonly string[]) => execToPort([...start, ...how, `vmi/${name}`, '22'], name);
  // KubeVirt's TLS is for programs that it signs certificates for, not for sshd.
  const vsock = typeof status.VSOCKCID === 'number' ? [forward('--vsock', '--vsock-tls=false')] : [];
  return [...vsock, forward()];
}

function statusOf({ status }: ClusterObject): Status {
  const known = phaseOf(status.phase);
  const conditions = objectsIn(status.conditions);
  const isPaused = conditions.some((each) => each.type === 'Paused' && each.status === 'True');
  return known === 'running' && isPaused ? 'paused' : known;
}

/** The status of a virtual machine or a pod; pods are never "Scheduling" or "Scheduled". */
const phaseOf = statusReader({
  starting: ['Pending', 'Scheduling', 'Scheduled'],
  running: ['Running'],
  off: ['Succeeded', 'Failed'],
});

/** Pods, whose sshd kubectl's exec starts. */
export const podsMade: ClusterMade = {
  resource: 'pods',
  toMachine({ name, namespace, metadata, status }, container) {
    const known = phaseOf(status.phase);
    // Kubernetes shows it only by this mark.
    const own: Status = known === 'running' && 'deletionTimestamp' in metadata ? 'stopping' : known;
    const exec = own === 'running' ? kubectlExec(name, namespace, container) : undefined;
    return {
      name,
      target: `kubectl/${namespace}/${name}${container === undefined ? '' : `/${container}`}`,
      status: own,
      provider: 'kubectl',
      uuid: textOf(metadata, 'uid'),
      authority: 'other',
      routes: execRoutes(exec, name, "the container's user"),
    };
  },
};
