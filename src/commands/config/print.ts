import { writeFile } from 'node:fs/promises';
import type { Command, Io } from '../../cli/command.js';
import { textOption } from '../../cli/option.js';
import { decide, sshLines } from '../../hosts/decide.js';
import { fileError } from '../../hosts/files.js';
import { withLast } from '../../hosts/last-run.js';
import { type ConfigOptions, configOptions, lineOptions } from '../../hosts/options.js';
import { configFiles } from '../../hosts/places.js';
import { checkSshOptions } from '../../hosts/ssh-option.js';
import { findMachines } from '../../machines/find-machines.js';
import { noState, readState } from '../../ssh/config/state.js';

const outOption = textOption({
  long: 'out',
  value: 'FILE',
  summary:
    'write them to a new file, in UTF-8: > of Windows PowerShell writes UTF-16, which ssh does not read',
});

/** vmssh config print: the ssh_config lines for all kinds of targets and for each machine. */
export const configPrint: Command<ConfigOptions & { readonly out?: string | undefined }> = {
  name: 'config print',
  summary: 'print the ssh_config lines that config install writes',
  usage: '',
  details: 'Options that config install keeps for later runs count here too.',
  options: [...lineOptions, outOption],
  examples: [
    { line: 'vmssh config print --only-patterns > /tmp/c && ssh -F /tmp/c .host', about: 'to try it first' },
    { line: 'vmssh config print >> ~/.ssh/config', about: 'for a single configuration file' },
  ],
  parse: (raw) => ({ ...configOptions(raw), out: outOption.read(raw) }),
  async run({ out, ...options }, io) {
    await checkSshOptions(options.sshOptions, io);
    const lines = await printedLines(options, io);
    if (out === undefined) io.out(lines);
    else
      await writeFile(out, lines, { mode: 0o600, flag: 'wx' }).catch((error) => {
        throw fileError(error, out, 'written');
      });
    return 0;
  },
};

async function printedLines(options: ConfigOptions, io: Io): Promise<string> {
  // A state that cannot be used keeps nothing.
  const last = (await readState(configFiles({ system: false }, io).state)) ?? noState;
  const all = withLast(options, last.options);
  const decision = await decide(all, { ...last, machines: [] }, new Set(), io, findMachines);
  for (const note of decision.notes) io.err(`${note}\n`);
  return sshLines(decision, options, io);
}
