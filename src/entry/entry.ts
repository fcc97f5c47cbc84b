import { oneOf, type RawArgs, textOption, UsageError, usage } from '../cli/command.js';
import { quote } from '../errors.js';
import { parseTarget } from '../kinds/kinds.js';
import { splitUser } from '../lookup/login.js';
import { checkUserName, typedHost } from '../typed/names.js';
import { type GuestRouteName, guestRouteOf, type HostFlags } from './route.js';

export const byOption = oneOf<GuestRouteName>({
  long: 'by',
  value: 'WAY',
  choices: ['ssh', 'target', 'wsl', 'exec'],
  summary:
    "how to get in: ssh, target, wsl, or exec, the machine's own manager (default: by what HOST looks like)",
});
export const sshConfigOption = textOption({
  long: 'ssh-config',
  value: 'FILE',
  summary: "ssh's configuration file, as for ssh -F",
});

/** HOST with --by, or `route` in its place, and --ssh-config. Throws a UsageError, or a ConnectError for an invalid target. */
export function hostFlags(
  host: string,
  raw: RawArgs,
  route: GuestRouteName = byOption.read(raw) ?? guestRouteOf(host),
): HostFlags {
  if (host === '' || host.startsWith('-') || /[\p{Cc}\s]/u.test(host)) {
    throw new UsageError(`${quote(host)} cannot be a host`);
  }
  const { user } = splitUser(host);
  if (user !== undefined) usage(() => checkUserName(user));
  if (route === 'target') parseTarget(splitUser(host).host);
  return { host, route, sshConfig: sshConfigOption.read(raw) };
}

/** In by a login of an account, over vmssh's own proxy. */
export function loginAs(user: string, { target, name }: { readonly target: string; readonly name: string }) {
  const host = `${user}@${target}`;
  return { route: 'target', host, typed: typedHost(name), sshConfig: undefined } as const;
}
