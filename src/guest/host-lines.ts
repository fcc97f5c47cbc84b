import { type HostOptions, hostOptions } from '../ssh/config/host-options.js';

export interface HostLinesOptions extends Pick<HostOptions, 'program' | 'platform' | 'user' | 'knownHosts'> {
  /** The name to type from now on. */
  readonly name: string;
  readonly target: string;
  readonly port: number;
  /** What known_hosts has the machine by; undefined: the name, whatever its address becomes. */
  readonly hostKeyAlias: string | undefined;
}

/**
 * ssh_config lines for one machine. Target and port stand in the ProxyCommand: ssh would lower-case the one in HostName,
 * and ends at port 65535. Throws a RangeError if something cannot stand there.
 */
export function hostLines({ name, hostKeyAlias = name, ...options }: HostLinesOptions): string {
  const settings = hostOptions({ ...options, fdpass: false, hostKeyAlias });
  return `Host ${name}\n${settings.map(([keyword, value]) => `    ${keyword} ${value}\n`).join('')}`;
}

/** A name for a machine: what was typed, with nothing that a Host line reads in its own way. */
export function hostName(text: string): string {
  return `${text.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'guest'}-vsock`;
}
