import { exitCode } from '../../base/errors.js';
import {
  type Command,
  flag,
  parsed,
  positionals,
  type RawArgs,
  readAll,
  UsageError,
} from '../../cli/command.js';
import {
  accountName,
  byOption,
  guestPortOption,
  type HostFlags,
  hostFlags,
  readKeys,
  sharedHomeOption,
  sshConfigOption,
  targetOption,
} from '../../cli/guest.js';
import { reachFlags, timeoutOption } from '../../cli/shared-options.js';
import { entryTo, runAsRoot } from '../../entry/run.js';
import { offScript, type ScriptOptions } from '../../guest/script.js';
import { type GuestInstallOptions, install } from '../../setup/install.js';
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

export const guestInstall: Command<GuestInstallOptions> = {
  name: 'guest install',
  summary: 'set up a guest over a route that already works, and prove the route over vsock',
  usage: '[user@]HOST',
  details: `HOST is anything ssh reaches, a target, or wsl/DISTRO; with --by exec it is a machine that its own manager goes into as root: no login is needed there.
It runs what vmssh guest print prints, and then checks the guest as a target.`,
  options: [
    targetOption,
    ...Object.values(installOptions),
    sharedHomeOption,
    undoOption,
    byOption,
    sshConfigOption,
    timeoutOption,
  ],
  exclusive: installExclusive,
  examples: {
    'vmssh guest install root@192.0.2.7': 'over ssh and TCP, for the last time',
    'vmssh guest install --by exec --key ~/.ssh/id_ed25519.pub mint': 'through its manager',
    'vmssh guest install wsl/Ubuntu': 'in a WSL2 distribution, from Windows',
    'vmssh guest install --only-vsock --target hyper-v/mint me@mint':
      'and close TCP once the new route is proved',
    'vmssh guest install --undo root@vsock/3': 'undo it',
  },

  parse(raw) {
    const [host = ''] = positionals(raw, 1, 1, '[user@]HOST');
    return {
      way: hostFlags(host, raw),
      ...installFlags(raw),
      sharedHome: sharedHomeOption.read(raw),
      target: targetOption.read(raw),
      reach: reachFlags(raw),
    };
  },

  run: install,
};

export const guestOff: Command<{ readonly way: HostFlags; readonly undo: boolean }> = {
  name: 'guest off',
  summary: 'keep systemd from listening on vsock port 22 in a guest, or undo that',
  usage: '[user@]HOST',
  details: `HOST is anything ssh reaches, a target, or wsl/DISTRO. It masks sshd-vsock.socket there, and checks that the port is closed. It
refuses if no sshd listens on TCP. For what vmssh guest install set up, use its --undo.`,
  options: [undoOption, byOption, sshConfigOption],
  examples: {
    'vmssh guest off root@192.0.2.7': 'no local user of the host reaches its sshd any more',
    'vmssh guest off --undo root@192.0.2.7': 'undo it, over TCP',
  },

  parse(raw) {
    const [host = ''] = positionals(raw, 1, 1, '[user@]HOST');
    return { way: hostFlags(host, raw), undo: undoOption.read(raw) };
  },

  async run({ way, undo }, io) {
    const signal = io.interrupted();
    const { code } = await runAsRoot(await entryTo(way, io, signal), offScript({ undo }), io, signal);
    return code === 0 ? exitCode.ok : exitCode.connect;
  },
};

export function installFlags(raw: RawArgs): { readonly script: ScriptOptions; readonly undo: boolean } {
  const { port = sshPort, keys = [], ...given } = readAll(raw, installOptions);
  if (given.generator && !isSshPort(port))
    throw new UsageError('the generator binds port 22; for others, boot with systemd.ssh_listen=vsock::PORT');
  return { script: { ...given, port, keys }, undo: undoOption.read(raw) };
}
