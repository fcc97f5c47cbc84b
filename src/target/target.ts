import type { Guid } from '../address/guid.js';
import type { Split } from './split.js';

/** What was typed, understood. A port is there only where the text itself names one. */
export type Target =
  | UnixTarget
  | VsockTarget
  | VsockMuxTarget
  | { readonly kind: 'machine'; readonly name: string }
  | { readonly kind: 'container'; readonly name: string }
  | { readonly kind: 'hyper-v'; readonly name: string }
  | { readonly kind: 'hyper-v'; readonly vmId: Guid }
  | { readonly kind: 'hvsock'; readonly vmId: Guid; readonly serviceId: Guid }
  | { readonly kind: 'wsl'; readonly distro: string }
  | LibvirtTarget
  | ListedTarget;

export interface UnixTarget extends SocketPath {
  readonly kind: 'unix';
}

export interface VsockMuxTarget extends SocketPath {
  readonly kind: 'vsock-mux';
  readonly port?: number;
}

export interface VsockTarget {
  readonly kind: 'vsock';
  readonly cid: number;
  readonly port?: number;
}

export interface LibvirtTarget {
  readonly kind: 'libvirt';
  /** Which libvirtd: the system's, the user's own, or the first that knows the name. */
  readonly scope: 'any' | 'system' | 'session';
  /** A domain's name, UUID or numeric id. */
  readonly name: string;
}

export interface ListedTarget {
  readonly kind: 'listed';
  /** The manager that lists it. */
  readonly provider: 'lima' | 'incus' | 'multipass' | 'podman';
  readonly name: string;
}

export interface SocketPath {
  /** The path with each % taken as it is. */
  readonly path: string;
  /** The path with each % read as a slash; meant where no file exists at `path`. */
  readonly decodedPath?: string;
}

/** A kind of target: one file each, listed in kinds.ts. */
export interface Kind {
  readonly name: string;
  /** The form to type, for help and error messages. */
  readonly form: string;
  readonly summary: string;
  /** What stands in front of the first separator, in lower case. */
  readonly words: readonly string[];
  /** The separators that may stand there. */
  readonly separators: '' | '/%' | '/%:';
  /** Whether a text without any separator is of this kind. */
  isBare?(text: string): boolean;
  /** Throws a RangeError with one clause where the rest is not understood. */
  parse(split: Split): Target;
}
