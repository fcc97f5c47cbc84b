import { quote } from '../errors.js';
import { type WayName, wayOf } from '../guest/ways.js';
import { splitUser } from '../target/login.js';
import { parseTarget } from '../target/parse.js';
import { type OptionSpec, type RawArgs, UsageError } from './command.js';

export const wayOption: OptionSpec = {
  long: 'way',
  value: 'WAY',
  summary: 'ssh, target, wsl or machinectl (default: by what HOST looks like)',
};
export const sshConfigOption: OptionSpec = {
  long: 'ssh-config',
  value: 'FILE',
  summary: "ssh's configuration, as of ssh -F",
};

export interface HostFlags {
  readonly host: string;
  readonly way: WayName;
  readonly sshConfig: string | undefined;
}

/** HOST with --way and --ssh-config. Throws a UsageError, or a ConnectError for a target that is none. */
export function hostFlags(host: string, raw: RawArgs): HostFlags {
  const { way = wayOf(host), 'ssh-config': sshConfig } = raw.options;
  if (host === '' || host.startsWith('-') || /[\p{Cc}\s]/u.test(host)) {
    throw new UsageError(`${quote(host)} cannot be a host`);
  }
  const known = ways.find((each) => each === way);
  if (!known) throw new UsageError(`--way takes one of ${ways.join(', ')}, not ${quote(String(way))}`);
  if (known === 'target') parseTarget(splitUser(host).host);
  return { host, way: known, sshConfig: typeof sshConfig === 'string' ? sshConfig : undefined };
}

const ways: readonly WayName[] = ['ssh', 'target', 'wsl', 'machinectl'];
