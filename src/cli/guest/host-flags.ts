import { checkUserName } from '../../address/user-name.js';
import { quote } from '../../errors.js';
import { type GuestRouteName, guestRouteOf } from '../../guest/run/route.js';
import { parseTarget } from '../../kinds/parse.js';
import { splitUser } from '../../lookup/login.js';
import { type RawArgs, UsageError } from '../command.js';
import { textOption } from '../option.js';
import { oneOf } from '../option-choice.js';
import { usage } from '../values.js';

const routes: readonly GuestRouteName[] = ['ssh', 'target', 'wsl', 'machinectl'];

export const routeOption = oneOf({
  long: 'route',
  value: 'ROUTE',
  choices: routes,
  summary: 'ssh, target, wsl or machinectl (default: by what HOST looks like)',
});
export const sshConfigOption = textOption({
  long: 'ssh-config',
  value: 'FILE',
  summary: "ssh's configuration file, as for ssh -F",
});

export interface HostFlags {
  readonly host: string;
  readonly route: GuestRouteName;
  readonly sshConfig: string | undefined;
  /** By ssh: a target that should lead to the host. */
  readonly through?: string;
}

/**
 * HOST with --route, unless that means something else and `route` is given, and --ssh-config. Throws a UsageError, or a
 * ConnectError for an invalid target.
 */
export function hostFlags(host: string, raw: RawArgs, route = routeIn(host, raw)): HostFlags {
  if (host === '' || host.startsWith('-') || /[\p{Cc}\s]/u.test(host)) {
    throw new UsageError(`${quote(host)} cannot be a host`);
  }
  const { user } = splitUser(host);
  if (user !== undefined) usage(() => checkUserName(user));
  if (route === 'target') parseTarget(splitUser(host).host);
  return { host, route, sshConfig: sshConfigOption.read(raw) };
}

function routeIn(host: string, raw: RawArgs): GuestRouteName {
  return routeOption.read(raw) ?? guestRouteOf(host);
}

/** The first login's account, over the target; with ssh's settings for the host if ssh was the route. */
export function overTarget(into: HostFlags, account: string | undefined, target: string): HostFlags {
  const { user: typed, host } = splitUser(into.host);
  const user = account ?? typed;
  if (into.route === 'ssh') {
    return { ...into, host: user === undefined ? host : `${user}@${host}`, through: target };
  }
  return { ...into, route: 'target', host: `${user ?? 'root'}@${target}` };
}
