import { loopbackHost } from '../../address/host-name.js';
import { slug } from '../../address/slug.js';
import { type Envelope, envelope, type FailureJson } from '../../cli/json.js';
import type { ListedMachine } from '../../discovery/merge.js';
import type { ContainerFacts, Status, Warning } from '../../discovery/provider.js';
import { routesOf } from '../../discovery/routes.js';
import type { ListedRoute } from '../../route.js';
import type { ShownPorts, SshNames } from './format.js';

/** The output of `vmssh list --json`. */
export interface ListJson extends Envelope<'list'> {
  readonly machines: readonly MachineJson[];
  readonly warnings: readonly Warning[];
  /** For each name that was typed and that no machine has, or several have. */
  readonly errors: readonly FailureJson[];
}

export interface MachineJson {
  readonly status: Status;
  readonly name: string;
  readonly slug: string;
  readonly sshName: string | null;
  /** Where a program without ProxyCommand connects, after `config install --loopback`. */
  readonly loopback?: { readonly host: string; readonly port: number } | undefined;
  readonly target: string;
  readonly provider: string;
  readonly also: readonly string[];
  readonly cid?: number | undefined;
  readonly uuid?: string | undefined;
  readonly address?: string | undefined;
  /** All its routes, best first. */
  readonly routes: readonly ListedRoute[];
  readonly user?: string | undefined;
  readonly identityFile?: string | undefined;
  readonly container?: Omit<ContainerFacts, 'url'> | undefined;
  readonly via?: string | undefined;
}

export function listJson(
  machines: readonly ListedMachine[],
  { names, ports }: { readonly names: SshNames; readonly ports: ShownPorts },
  wrong: Pick<ListJson, 'warnings' | 'errors'>,
  exitCode: number,
): ListJson {
  const all = machines.map((machine) => toJson(machine, names.get(machine) ?? null, ports.get(machine)));
  return { ...envelope('list', exitCode), machines: all, ...wrong };
}

function toJson(machine: ListedMachine, sshName: string | null, port: number | undefined): MachineJson {
  const { status, name, target, provider, also, cid, uuid, address, user, identityFile, via } = machine;
  const container = machine.container && { id: machine.container.id, labels: machine.container.labels };
  return {
    status,
    name,
    slug: slug(name),
    sshName,
    loopback: port === undefined ? undefined : { host: loopbackHost, port },
    target,
    provider,
    also,
    cid,
    uuid,
    address,
    routes: routesOf(machine),
    user,
    identityFile,
    container,
    via,
  };
}
