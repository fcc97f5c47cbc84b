import type { ListedMachine } from '../sources/merge.js';
import { addressAt, addressOf } from '../sources/routes.js';
import type { ContainerFacts, Status } from '../sources/source.js';
import type { Authority } from '../sources/trusted-path.js';
import { slug } from '../typed/names.js';
import type { Route, RouteName } from '../typed/route.js';

/** A machine as `list --json` and the library have it: docs/reference/list-schema.md. */
export interface MachineJson {
  readonly status: Status;
  readonly name: string;
  readonly ids?: readonly string[];
  readonly slug: string;
  readonly sshName: string | null;
  readonly target: string;
  readonly provider: string;
  readonly part?: string;
  readonly also: readonly string[];
  readonly cid?: number;
  readonly uuid?: string;
  readonly address?: string;
  /** All its routes, best first. */
  readonly routes: readonly RouteJson[];
  readonly user?: string;
  readonly identityFile?: string;
  readonly container?: ContainerFacts;
  readonly authority?: Authority;
  readonly via?: string;
}

/** A route, by its address, "vsock/42", "unix/run/x.sock", "192.0.2.1", "127.0.0.1:60022", or by the program that is the connection. */
export type RouteJson =
  | { readonly route: Exclude<RouteName, 'exec'>; readonly address: string }
  | { readonly route: 'exec'; readonly command: readonly string[] };

/** `sshName`: the Host that ssh has for it. */
export function machineJson(machine: ListedMachine, sshName: string | undefined): MachineJson {
  const { name, container } = machine;
  return {
    status: machine.status,
    name,
    ids: machine.ids,
    slug: slug(name),
    sshName: sshName ?? null,
    target: machine.target,
    provider: machine.provider,
    part: machine.part,
    also: machine.also,
    cid: machine.cid,
    uuid: machine.uuid,
    address: addressOf(machine),
    routes: (machine.routes ?? []).flatMap(routeJson),
    user: machine.user,
    identityFile: machine.identityFile,
    container: container && { id: container.id, labels: container.labels },
    authority: machine.authority,
    via: machine.via,
  };
}

function routeJson({ name, endpoint }: Route): readonly RouteJson[] {
  if (endpoint.family === 'exec') return [{ route: 'exec', command: endpoint.command }];
  return name === 'exec' || name === 'via' ? [] : [{ route: name, address: addressAt(endpoint) }];
}
