import type { Command } from '../../cli/command.js';
import { positionals } from '../../cli/option.js';
import { type ScriptOptions, setupScript, undoScript } from '../../guest/script.js';
import { scriptOptions, setupExclusive, setupOptions, undoOption } from './options.js';

export type GuestScriptOptions = { readonly undo: true } | ({ readonly undo: false } & ScriptOptions);

/** vmssh guest script: the whole set-up as one sh script, or the undo. */
export const guestScript: Command<GuestScriptOptions> = {
  name: 'guest script',
  summary: 'print the sh script that sets up a guest, to run it there',
  usage: '',
  details: `It needs root and systemd 240 or later, or socat and OpenRC, sysvinit or BusyBox's init, and can be run again. It prints one line per step (ok, changed, skipped, failed),
and exits 0 if all is well, 1 if a step failed, 2 if it cannot work there and changed nothing.`,
  options: [...setupOptions, undoOption],
  exclusive: setupExclusive,
  examples: [
    { line: 'vmssh guest script > setup.sh', about: 'then in the guest: sudo sh setup.sh' },
    { line: 'vmssh guest script --undo | ssh root@guest sh -s', about: 'undo it' },
  ],

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return undoOption.read(raw) ? { undo: true } : { undo: false, ...scriptOptions(raw) };
  },

  async run(options, io) {
    io.out(options.undo ? undoScript() : setupScript(options));
    return 0;
  },
};
