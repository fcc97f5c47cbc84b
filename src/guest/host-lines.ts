import { printable } from '../errors.js';

export interface HostLinesOptions {
  /** The name to type from now on. */
  readonly name: string;
  readonly target: string;
  readonly port: number;
  readonly user: string | undefined;
  /** A word as ssh_config and what reads a ProxyCommand after it take it. */
  readonly word: (text: string) => string;
  /** How to call this program. */
  readonly self: readonly string[];
}

/**
 * ssh_config lines for one machine. Target and port stand in the ProxyCommand: ssh would lower-case the one in HostName,
 * and ends at port 65535. The host key is remembered under the name, whatever the address becomes.
 */
export function hostLines({ name, target, port, user, word, self }: HostLinesOptions): string {
  const lines = [
    `Host ${name}`,
    ...(user === undefined ? [] : [`User ${user}`]),
    `ProxyCommand ${[...self, 'proxy', target, String(port)].map(word).join(' ')}`,
    'ProxyUseFdpass no',
    `HostKeyAlias ${name}`,
    'StrictHostKeyChecking accept-new',
    'CheckHostIP no',
  ];
  return `${lines.map((line, i) => (i === 0 ? line : `    ${printable(line)}`)).join('\n')}\n`;
}

/** A name for a machine: what was typed, with nothing that a Host line reads in its own way. */
export function hostName(text: string): string {
  return `${text.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'guest'}-vsock`;
}
