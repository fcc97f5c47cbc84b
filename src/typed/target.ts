import type { Guid } from './numbers.js';

/** The fields of all targets. A port is only present if the text itself names one. */
export interface AnyTarget {
  readonly kind: string;
}

export interface NamedTarget<Kind extends string = string> {
  readonly kind: Kind;
  readonly name: string;
}

/** A machine of a source that the user or root has added. */
export interface OutsideTarget extends NamedTarget<'outside'> {
  readonly source: string;
}

export interface UnixTarget extends SocketPath {
  readonly kind: 'unix';
}

/** The endpoint of ".host": the socket that systemd-ssh-generator binds on every host. */
export const thisHost: UnixTarget = { kind: 'unix', path: '/run/ssh-unix-local/socket' };

export interface VsockMuxTarget extends SocketPath {
  readonly kind: 'vsock-mux';
  readonly port?: number;
}

export interface VsockTarget {
  readonly kind: 'vsock';
  readonly cid: number;
  readonly port?: number;
}

export interface HvsockTarget {
  readonly kind: 'hvsock';
  readonly vmId: Guid;
  readonly serviceId: Guid;
}

export type HyperVTarget = NamedTarget<'hyper-v'> | { readonly kind: 'hyper-v'; readonly vmId: Guid };

export interface QemuTarget extends NamedTarget<'qemu'> {
  /** Which libvirtd: the system's, the user's own, or the first that knows the name. */
  readonly scope: 'any' | 'system' | 'session';
}

export interface ViaTarget {
  readonly kind: 'via';
  /** The hypervisor: a host of the user's own ssh configuration. */
  readonly host: string;
  /** What is meant there, as it was typed: a target, or a machine's name. */
  readonly target: string;
  /** The same, understood; undefined for a name. */
  readonly inner?: AnyTarget;
}

/** The machine's name or id in a target; "" for an address. */
export function nameOf(target: AnyTarget & { readonly name?: string; readonly vmId?: string }): string {
  return target.name ?? target.vmId ?? '';
}

export interface SocketPath {
  readonly path: string;
  /** The path with each % read as a slash; used if no file exists at `path`. */
  readonly decodedPath?: string;
}

/** The kind and its fields: "vsock cid=3". */
export function describeTarget({ kind, ...rest }: AnyTarget): string {
  const fields = Object.entries(rest).map(([name, value]: [string, unknown]) => {
    const isTarget = typeof value === 'object' && value !== null;
    return `${name}=${isTarget ? `(${describeTarget(value as AnyTarget)})` : String(value)}`;
  });
  return [kind, ...fields].join(' ');
}
