import { slug } from '../address/slug.js';
import { type HostOptions, hostOptions } from '../ssh/config/host-options.js';

type Settings = 'program' | 'platform' | 'user' | 'knownHosts' | 'onlyKnown' | 'identityFile';

export interface HostLinesOptions extends Pick<HostOptions, Settings> {
  /** The name to type from now on. */
  readonly name: string;
  readonly target: string;
  readonly port: number;
  /** The machine's name in known_hosts; undefined: `name`, so that a new address does not matter. */
  readonly hostKeyAlias?: string | undefined;
  /** Keywords and arguments about the user's own login keys. */
  readonly keys?: readonly (readonly [string, string])[];
}

/**
 * ssh_config lines for one machine. Target and port are in the ProxyCommand: ssh would lower-case a HostName, and its
 * ports end at 65535. Throws a RangeError if a value is not possible there.
 */
export function hostLines({ name, hostKeyAlias = name, keys = [], ...options }: HostLinesOptions): string {
  const settings = [...hostOptions({ ...options, fdpass: false, hostKeyAlias }), ...keys];
  return `Host ${name}\n${settings.map(([keyword, value]) => `    ${keyword} ${value}\n`).join('')}`;
}

/** A name for a machine: the typed text, without characters that are special in a Host line. */
export function hostName(text: string): string {
  return `${slug(text) || 'guest'}-vsock`;
}
