import { type Option, type RawArgs, UsageError } from '../../cli/command.js';
import { accountName, guestPortOption, readKeys } from '../../cli/guest.js';
import { flag, parsed } from '../../cli/option.js';
import type { ScriptOptions } from '../../guest/script.js';
import { parseTarget } from '../../kinds/parse.js';
import { isSshPort, sshPort } from '../../target/numbers.js';

export const targetOption = parsed(
  {
    long: 'target',
    value: 'TARGET',
    takes: 'target',
    summary: 'how this host reaches the guest (default: by the CID that the guest reports)',
  },
  (text) => {
    parseTarget(text);
    return text;
  },
);

export const hostsOption = flag({
  long: 'hosts-fix',
  summary: 'add 127.0.0.1 UNKNOWN to /etc/hosts, however fast the lookup',
});
export const hushOption = flag({ long: 'hushlogin', summary: 'suppress the login message: ~/.hushlogin' });
export const keyOption = parsed(
  { long: 'key', value: 'FILE', summary: 'put this public key into authorized_keys' },
  readKeys,
);
export const accountOption = parsed(
  {
    long: 'account',
    value: 'NAME',
    summary: 'the account for --key and --hushlogin (default: the caller of sudo, or root)',
  },
  accountName,
);
const onlyVsockOption = flag({
  long: 'only-vsock',
  summary: "close sshd's TCP listener once the route over vsock is proved",
});
const onlyLoopbackOption = flag({
  long: 'only-loopback',
  summary: "keep sshd's TCP listener on 127.0.0.1 and ::1 once the route over vsock is proved",
});
export const generatorOption = flag({
  long: 'generator',
  summary: 'install the generator (guest print --as generator) instead of two units',
});
export const undoOption = flag({ long: 'undo', summary: 'undo what an earlier run did' });

/** The options for setting up a running guest. */
export const setupOptions: readonly Option<unknown>[] = [
  guestPortOption,
  hostsOption,
  hushOption,
  keyOption,
  accountOption,
  onlyVsockOption,
  onlyLoopbackOption,
  generatorOption,
];

/** Those that cannot be given together. */
export const setupExclusive: readonly (readonly Option<unknown>[])[] = [
  ...setupOptions.map((option) => [undoOption, option]),
  [onlyVsockOption, onlyLoopbackOption],
];

/** What they say. Throws a UsageError. */
export function setupFlags(raw: RawArgs): { readonly script: ScriptOptions; readonly undo: boolean } {
  return { script: scriptOptions(raw), undo: undoOption.read(raw) };
}

function scriptOptions(raw: RawArgs): ScriptOptions {
  const port = guestPortOption.read(raw) ?? sshPort;
  const generator = generatorOption.read(raw);
  if (generator && !isSshPort(port)) {
    throw new UsageError('the generator binds port 22; for others, boot with systemd.ssh_listen=vsock::PORT');
  }
  return {
    port,
    generator,
    hostsFix: hostsOption.read(raw),
    hushlogin: hushOption.read(raw),
    onlyVsock: onlyVsockOption.read(raw),
    onlyLoopback: onlyLoopbackOption.read(raw),
    keys: keyOption.read(raw) ?? [],
    account: accountOption.read(raw),
  };
}
