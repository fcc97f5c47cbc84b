import { type Command, positionals } from '../../cli/command.js';
import { byOption, hostFlags, sshConfigOption } from '../../entry/entry.js';
import { rootRunner } from '../../entry/inside.js';
import type { HostFlags } from '../../entry/route.js';
import { exitCode } from '../../errors.js';
import { offScript } from '../../guest/script.js';
import { undoOption } from './install-options.js';

export const guestOff: Command<{ readonly into: HostFlags; readonly undo: boolean }> = {
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
    return { into: hostFlags(host, raw), undo: undoOption.read(raw) };
  },

  async run({ into, undo }, io) {
    const run = await rootRunner(io, io.interrupted());
    const { code } = await run(into, offScript({ undo }));
    return code === 0 ? exitCode.ok : exitCode.connect;
  },
};
