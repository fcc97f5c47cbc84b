import { quote } from '../errors.js';
import { readKeys } from '../guest/keys.js';
import type { ScriptOptions } from '../guest/script.js';
import { type Distribution, layouts } from '../guest/units.js';
import { type OptionSpec, type RawArgs, UsageError } from './command.js';
import { portArgument, usage } from './values.js';

export const guestPortOption: OptionSpec = {
  long: 'port',
  short: 'p',
  value: 'PORT',
  summary: 'the vsock port of sshd (default 22)',
};

export const distroOption: OptionSpec = {
  long: 'distro',
  value: 'NAME',
  takes: Object.keys(layouts),
  summary: `where sshd and its folder lie: ${Object.keys(layouts).join(', ')} (default debian)`,
};

export const hostsOption: OptionSpec = {
  long: 'hosts-fix',
  summary: 'put UNKNOWN into /etc/hosts even where looking it up is fast',
};
export const hushOption: OptionSpec = { long: 'hushlogin', summary: 'no words of the day: ~/.hushlogin' };
export const keyOption: OptionSpec = {
  long: 'key',
  value: 'FILE',
  summary: 'put this public key into authorized_keys',
};
export const accountOption: OptionSpec = {
  long: 'account',
  value: 'NAME',
  summary: 'whom key and .hushlogin are for (default: who calls sudo, or root)',
};
export const generatorOption: OptionSpec = {
  long: 'generator',
  summary: 'install the generator (see guest generator) instead of two units',
};
/** Of what sets a running guest up, and takes that back. */
export const setupOptions: readonly OptionSpec[] = [
  guestPortOption,
  hostsOption,
  hushOption,
  keyOption,
  accountOption,
  { long: 'only-vsock', summary: "close sshd's TCP listener once the way over vsock is proved" },
  generatorOption,
  { long: 'undo', summary: 'take back what an earlier run did' },
];

/** What the set-up is to do. Throws a UsageError. */
export function scriptOptions(raw: RawArgs): ScriptOptions {
  const { key, account } = raw.options;
  const port = guestPort(raw);
  const generator = raw.options.generator === true;
  if (generator && port !== 22) {
    throw new UsageError('the generator binds port 22; for others, boot with systemd.ssh_listen=vsock::PORT');
  }
  return {
    port,
    generator,
    hostsFix: raw.options['hosts-fix'] === true,
    hushlogin: raw.options.hushlogin === true,
    onlyVsock: raw.options['only-vsock'] === true,
    keys: typeof key === 'string' ? usage(() => readKeys(key)) : [],
    account: typeof account === 'string' ? accountName(account) : undefined,
  };
}

/** --port: a guest has to be able to listen on it, so neither 0 nor "any". Throws a UsageError. */
export function guestPort(raw: RawArgs): number {
  const text = raw.options.port;
  const port = portArgument(text === true ? undefined : text);
  if (port === 0) throw new UsageError('--port takes 1 to 4294967294, not 0');
  return port;
}

/** --distro. Throws a UsageError. */
export function distroOf(raw: RawArgs): Distribution {
  const name = raw.options.distro ?? 'debian';
  if (typeof name === 'string' && Object.hasOwn(layouts, name)) return name as Distribution;
  throw new UsageError(
    `--distro takes one of ${Object.keys(layouts).join(', ')}, not ${quote(String(name))}`,
  );
}

/** An account's name, as useradd(8) takes them. Throws a UsageError. */
export function accountName(text: string): string {
  if (/^[A-Za-z_][\w.-]{0,31}\$?$/.test(text)) return text;
  throw new UsageError(`${quote(text)} cannot be the name of an account`);
}
