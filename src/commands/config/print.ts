import { writeFile } from 'node:fs/promises';
import type { Command, Io } from '../../cli/command.js';
import { textOption } from '../../cli/option.js';
import { ownerOf } from '../../ssh/config/file.js';
import { fileAt, fileError } from './files.js';
import { withLast } from './last-run.js';
import { type ConfigOptions, configLines, configOptions, lineOptions } from './options.js';
import { configFiles } from './plan.js';
import { checkSshOptions } from './ssh-option.js';

const outOption = textOption({
  ...{ long: 'out', value: 'FILE' },
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
    const lines = await configLines(withLast(options, await ownFile(io)), io);
    if (out === undefined) io.out(lines);
    else
      await writeFile(out, lines, { mode: 0o600, flag: 'wx' }).catch((error) => {
        throw fileError(error, out, 'written');
      });
    return 0;
  },
};

// A file that cannot be used or is not ours does not keep anything.
async function ownFile(io: Io): Promise<string | undefined> {
  const { text } = await fileAt(configFiles({ system: false }, io).own).catch(() => ({ text: undefined }));
  return ownerOf(text) === 'ours' ? text : undefined;
}
