import { checkUserName } from '../address/user-name.js';
import { quote } from '../errors.js';
import { type WayName, wayOf } from '../guest/ways.js';
import { parseTarget } from '../kinds/parse.js';
import { splitUser } from '../lookup/login.js';
import { type OptionSpec, type RawArgs, UsageError } from './command.js';
import { usage } from './values.js';

const routes: readonly WayName[] = ['ssh', 'target', 'wsl', 'machinectl'];

export const routeOption: OptionSpec = {
  long: 'route',
  value: 'ROUTE',
  takes: routes,
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
  /** By ssh: a target that is to lead to the host. */
  readonly through?: string;
}

/** HOST with --route and --ssh-config. Throws a UsageError, or a ConnectError for a target that is none. */
export function hostFlags(host: string, raw: RawArgs): HostFlags {
  const { route = wayOf(host), 'ssh-config': sshConfig } = raw.options;
  if (host === '' || host.startsWith('-') || /[\p{Cc}\s]/u.test(host)) {
    throw new UsageError(`${quote(host)} cannot be a host`);
  }
  const { user } = splitUser(host);
  if (user !== undefined) usage(() => checkUserName(user));
  const known = routes.find((each) => each === route);
  if (!known) throw new UsageError(`--route takes one of ${routes.join(', ')}, not ${quote(String(route))}`);
  if (known === 'target') parseTarget(splitUser(host).host);
  return { host, way: known, sshConfig: typeof sshConfig === 'string' ? sshConfig : undefined };
}
