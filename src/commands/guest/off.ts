import { type Command, positionals } from '../../cli/command.js';
import { byOption, type HostFlags, hostFlags, sshConfigOption } from '../../cli/guest.js';
import { entryTo } from '../../entry/entry.js';
import { runAsRoot } from '../../entry/run.js';
import { exitCode } from '../../errors.js';
import { offScript } from '../../guest/script.js';
import { undoOption } from './install-options.js';

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
