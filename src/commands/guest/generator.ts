import type { Command } from '../../cli/command.js';
import { positionals } from '../../cli/option.js';
import { generator, stamp } from '../../guest/units.js';

/** vmssh guest generator: the systemd generator for 240 to 255. */
export const guestGenerator: Command<Record<string, never>> = {
  name: 'guest generator',
  summary:
    'print a systemd generator that does for systemd 240 to 255 what systemd-ssh-generator does since 256',
  usage: '',
  options: [],
  examples: [
    {
      line: 'vmssh guest generator > /etc/systemd/system-generators/vmssh-ssh-generator',
      about: 'in an image; then chmod 755. vmssh guest install --generator does both in a guest',
    },
  ],

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return {};
  },

  async run(_options, io) {
    io.out(stamp(generator));
    return 0;
  },
};
