import { writeFile } from 'node:fs/promises';
import { quote } from '../../base/errors.js';
import { nameless } from '../../book/state.js';
import { usersNames } from '../../book/taken-names.js';
import { type Command, textOption, UsageError } from '../../cli/command.js';
import { complain } from '../../cli/rows.js';
import { decide } from '../../hosts/decide.js';
import { fileAt, fileError } from '../../hosts/files.js';
import { type ConfigOptions, configOptions, lineOptions, settings } from '../../hosts/options.js';
import { configFiles } from '../../hosts/places.js';
import { checkSshTakes, lastState, sshLines } from '../../hosts/plan.js';
import { inEffect } from '../../hosts/setting.js';
import { findMachines } from '../../machines/find-machines.js';
import type { Io } from '../../process/io.js';

const outOption = textOption({
  long: 'out',
  value: 'FILE',
  summary:
    'write them to a new file, in UTF-8: > of Windows PowerShell writes UTF-16, which ssh does not read',
});

export const configPrint: Command<ConfigOptions & { readonly out?: string }> = {
  name: 'config print',
  summary: 'print the ssh_config lines that config install writes',
  usage: '',
  details: 'Options that config install keeps for later runs count here too.',
  options: [...lineOptions, outOption],
  examples: {
    'vmssh config print --only-patterns > /tmp/c && ssh -F /tmp/c .host': 'to try it first',
    'vmssh config print >> ~/.ssh/config': 'for a single configuration file',
  },
  parse: (raw) => ({ ...configOptions(raw), out: outOption.read(raw) }),
  async run({ out, ...options }, io) {
    await checkSshTakes(options, io);
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
  const { own, state: path } = configFiles({ system: false }, io);
  const [lines, kept] = await Promise.all([fileAt(own), fileAt(path, 'any')]);
  const { state: last, problem, unusable } = lastState(kept.text, lines);
  if (unusable !== undefined) throw new UsageError(`${quote(path)}: ${unusable}`, 'see vmssh config install');
  if (problem !== undefined) await complain(`warning: ${quote(path)} ${problem}`, undefined, io);
  const all = inEffect(settings, options, last.options);
  // What an earlier print added to the configuration is no other host.
  const taken = await usersNames(io);
  const machines = last.machines.map(nameless);
  const decision = await decide({ ...options, ...all }, { ...last, machines }, taken, io, findMachines);
  for (const note of decision.notes) io.err(`${note}\n`);
  return sshLines(decision, options, io);
}
