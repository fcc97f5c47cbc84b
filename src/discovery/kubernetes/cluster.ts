import { DiscoveryError } from '../discovery-error.js';
import { match } from '../match.js';
import type { Deps, DiscoveredMachine, Listing, Warning } from '../provider.js';
import { answerOf, type Search, searchIn } from '../search.js';
import { isJsonObject, type JsonObject, parseJson } from '../tools/json.js';
import { textOf } from '../tools/json-tool.js';
import { type RunTool, runTool } from '../tools/run-tool.js';

/** What differs between pods and virtual machines. */
export interface ClusterMade {
  /** What kubectl lists: "pods". */
  readonly resource: string;
  /** An object of the list as a machine; undefined if it is none. `container`: one of a pod's. */
  toMachine(object: ClusterObject, container: string | undefined): DiscoveredMachine;
}

/** An object of the cluster. */
export interface ClusterObject {
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
  const place = namespace === undefined ? [] : [`--namespace=${namespace}`];
  const answer = await run('kubectl', [...place, 'get', made.resource, '--output=json'], deps);
  return { found: parseCluster(answer).map((object) => made.toMachine(object, container)), warnings: [] };
}

/** NAME, NAMESPACE/NAME, and for a pod NAMESPACE/NAME/CONTAINER. */
export function findInCluster(
  made: ClusterMade,
  typed: string,
  deps: Deps,
  run: RunTool = runTool,
): Promise<Search<DiscoveredMachine, Warning>> {
  // Kubernetes has no upper case.
  const parts = typed.toLowerCase().split('/');
  const [namespace, name = '', container] = parts.length === 1 ? [undefined, parts[0]] : parts;
  const search = async () => {
    const { found, warnings } = await listCluster(made, deps, namespace, container, run);
    return searchIn(match(name, found), found, ({ target }) => target, warnings);
  };
  return answerOf(search(), deps.signal, () => ({
    hint: `what does this say? kubectl get ${made.resource}`,
  }));
}

/** Reads the list that `kubectl get … --output=json` prints. Throws a DiscoveryError PROTOCOL. */
export function parseCluster(text: string): readonly ClusterObject[] {
  const answer = jsonOf(text);
  if (!isJsonObject(answer) || !Array.isArray(answer.items))
    throw new DiscoveryError('PROTOCOL', 'its answer has no list of objects');
  return answer.items.filter(isJsonObject).flatMap((item): readonly ClusterObject[] => {
    const [metadata, spec, status] = [item.metadata, item.spec, item.status].map((each) =>
      isJsonObject(each) ? each : {},
    );
    if (!metadata || !spec || !status) return [];
    const [name, namespace] = [textOf(metadata, 'name'), textOf(metadata, 'namespace')];
    if (!isClusterName(name) || !isClusterName(namespace)) return [];
    return [{ name, namespace, metadata, spec, status }];
  });
}

/** Whether a text can be the name of a pod, a machine or a namespace: a DNS subdomain, RFC 1123. */
function isClusterName(text: string | undefined): text is string {
  return text !== undefined && text.length <= 253 && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(text);
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new DiscoveryError('PROTOCOL', `it printed ${(cause as Error).message}`, { cause });
  }
}
