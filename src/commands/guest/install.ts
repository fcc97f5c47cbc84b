import { type Command, positionals } from '../../cli/command.js';
import { byOption, hostFlags, sharedHomeOption, sshConfigOption, targetOption } from '../../cli/guest.js';
import { reachFlags, timeoutOption } from '../../cli/shared-options.js';
import { type GuestInstallOptions, install } from '../../setup/install.js';
import { installExclusive, installFlags, installOptions, undoOption } from './install-options.js';

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
