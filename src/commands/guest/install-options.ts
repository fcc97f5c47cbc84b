import { flag, parsed, type RawArgs, readAll, UsageError } from '../../cli/command.js';
import { accountName, guestPortOption, readKeys } from '../../cli/guest.js';
import type { ScriptOptions } from '../../guest/script.js';
import { isSshPort, sshPort } from '../../typed/numbers.js';

export const installOptions = {
  port: guestPortOption,
  hostsFix: flag({
    long: 'hosts-fix',
    summary: 'add 127.0.0.1 UNKNOWN to /etc/hosts, however fast the lookup',
  }),
  hushlogin: flag({ long: 'hushlogin', summary: 'suppress the login message: ~/.hushlogin' }),
  keys: parsed({ long: 'key', value: 'FILE', summary: 'put this public key into authorized_keys' }, readKeys),
  account: parsed(
    {
      long: 'account',
      value: 'NAME',
      summary: 'the account for --key and --hushlogin (default: the caller of sudo, or root)',
    },
    accountName,
  ),
  onlyVsock: flag({
    long: 'only-vsock',
    summary: "close sshd's TCP listener once the route over vsock is proved",
  }),
  onlyLoopback: flag({
    long: 'only-loopback',
    summary: "keep sshd's TCP listener on 127.0.0.1 and ::1 once the route over vsock is proved",
  }),
  generator: flag({
    long: 'generator',
    summary: 'install the generator (guest print --as generator) instead of two units',
  }),
};

export const undoOption = flag({ long: 'undo', summary: 'undo what an earlier run did' });

export const installExclusive = [
  ...Object.values(installOptions).map((option) => [undoOption, option]),
  [installOptions.onlyVsock, installOptions.onlyLoopback],
];

export function installFlags(raw: RawArgs): { readonly script: ScriptOptions; readonly undo: boolean } {
  const { port = sshPort, keys = [], ...given } = readAll(raw, installOptions);
  if (given.generator && !isSshPort(port))
    throw new UsageError('the generator binds port 22; for others, boot with systemd.ssh_listen=vsock::PORT');
  return { script: { ...given, port, keys }, undo: undoOption.read(raw) };
}
