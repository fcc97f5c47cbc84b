import { printable } from '../errors.js';

export interface HostLinesOptions {
  /** The name to type from now on. */
  readonly name: string;
  readonly target: string;
  readonly port: number;
  readonly user: string | undefined;
  /** The ProxyCommand's program, its words as ssh_config takes them. */
  readonly proxy: string;
}

/** ssh_config lines for one machine: its host key is remembered under the name, whatever its address becomes. */
export function hostLines({ name, target, port, user, proxy }: HostLinesOptions): string {
  const lines = [
    `Host ${name}`,
    `HostName ${target.replaceAll('%', '%%')}`,
    ...(port === 22 ? [] : [`Port ${port}`]),
    ...(user === undefined ? [] : [`User ${user}`]),
    `ProxyCommand ${proxy} proxy %h %p`,
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
