import type { Guid } from './target/guid.js';

/** A socket address that a target resolves to. Ports and CIDs are unsigned 32-bit numbers. */
export type Endpoint =
  | { readonly family: 'unix'; readonly path: string }
  | { readonly family: 'vsock'; readonly cid: number; readonly port: number }
  | { readonly family: 'vsock-mux'; readonly path: string; readonly port: number }
  | { readonly family: 'tcp'; readonly host: string; readonly port: number }
  | { readonly family: 'hyper-v'; readonly vmId: Guid; readonly serviceId: Guid }
  | ExecEndpoint
  | ViaEndpoint;

/** A program whose stdin and stdout are the connection. */
export interface ExecEndpoint {
  readonly family: 'exec';
  /** Up to what runs in the machine: "podman", "exec", "-i", "--user=0", "--", "web". */
  readonly command: readonly string[];
  /** The machine's name, as its manager has it. */
  readonly machine: string;
  /** What it leads to: a shell in the machine, which then starts sshd; the server of a port; or the SSH server only. */
  readonly into: 'shell' | 'port' | 'ssh';
  readonly port: number;
}

/** A machine behind another hypervisor, which ssh reaches. */
export interface ViaEndpoint {
  readonly family: 'via';
  readonly host: string;
  /** The target as it is typed there. */
  readonly target: string;
  readonly port: number;
  /** The socket to open there; undefined if only vmssh can find it. */
  readonly at?: ViaSocket | ViaEndpoint | undefined;
}

/** `otherPath`: the second reading of a path, used there if no file exists at the first. */
export type ViaSocket =
  | { readonly family: 'unix'; readonly path: string; readonly otherPath?: string | undefined }
  | { readonly family: 'vsock'; readonly cid: number; readonly port: number }
  | {
      readonly family: 'vsock-mux';
      readonly path: string;
      readonly otherPath?: string | undefined;
      readonly port: number;
    };

/** Whether the connection goes over the machine's vsock; true if the family is not known yet. */
export function usesVsock(family: Endpoint['family'] | undefined): boolean {
  return family !== 'unix' && family !== 'tcp' && family !== 'exec' && family !== 'via';
}

/** The endpoint as a literal target: "unix:/run/x", "vsock:3:22", "hvsock:VMID:SERVICEID"; of a program its words. */
export function formatEndpoint(endpoint: Endpoint): string {
  switch (endpoint.family) {
    case 'unix':
      return `unix:${endpoint.path}`;
    case 'vsock':
      return `vsock:${endpoint.cid}:${endpoint.port}`;
    case 'vsock-mux':
      return `vsock-mux:${endpoint.path}:${endpoint.port}`;
    case 'tcp':
      return `tcp:${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
    case 'hyper-v':
      return `hvsock:${endpoint.vmId}:${endpoint.serviceId}`;
    case 'exec':
      return `exec:${endpoint.command.join(' ')}`;
    case 'via':
      return `via/${endpoint.host}/${endpoint.at ? formatEndpoint(endpoint.at) : endpoint.target}`;
  }
}
