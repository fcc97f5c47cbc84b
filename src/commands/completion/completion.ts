import { join } from 'node:path';
import { quote } from '../../base/errors.js';
import { type Command, positionals, UsageError } from '../../cli/command.js';
import type { Io } from '../../process/io.js';
import type { ListedMachine } from '../../sources/merge.js';
import { sshFolder } from '../../ssh/folder.js';
import { type CommandTable, complete, type LiveNames } from './complete.js';
import { type CompletionShell, completionScripts, shells } from './scripts.js';

export const completion: Command<{ readonly shell: CompletionShell }> = {
  name: 'completion',
  summary: 'print the completion script for your shell',
  usage: shells.join('|'),
  options: [],
  examples: {
    "echo 'source <(vmssh completion bash)' >> ~/.bashrc": 'bash, from the next shell on',
    "echo 'source <(vmssh completion zsh)' >> ~/.zshrc": 'zsh, below the line with compinit',
    'vmssh completion fish > ~/.config/fish/conf.d/vmssh.fish': 'fish, for vsock-nc too',
    'vmssh completion powershell >> $PROFILE': 'PowerShell',
  },

  parse(raw) {
    const [text = ''] = positionals(raw, 0, 1, anyShell);
    if (text === '')
      throw new UsageError(`which shell? ${anyShell}`, 'vmssh completion --help shows where it goes');
    const shell = shells.find((each) => each === text.toLowerCase());
    if (!shell) throw new UsageError(`expected ${anyShell}, got ${quote(text)}`);
    return { shell };
  },

  async run({ shell }, io) {
    io.out(completionScripts[shell]);
    return 0;
  },
};

const anyShell = `one of ${shells.join(', ')}`;

/** The time that completion gives sources to list their machines. Milliseconds. */
const limitMs = 700;

/** vmssh complete -- WORD…: what these scripts call. Not in the table of commands: people do not type it. */
export async function printCompletions(args: readonly string[], commands: CommandTable, io: Io) {
  const words = args[0] === '--' ? args.slice(1) : args;
  // PowerShell drops empty arguments.
  const plain = words.map((word) => (word === '""' ? '' : word));
  const [{ loadHere, sourcesOn }, { sources }] = await Promise.all([
    import('../../sources/here.js'),
    import('../../sources/sources.js'),
  ]);
  const own: readonly string[] = sources.map(({ name }) => name);
  const here = sourcesOn(io.platform).map(({ name }) => name);
  const live: LiveNames = {
    sources: here,
    hosts: () => configuredHosts(io),
    async machines() {
      const { listAll } = await import('../../sources/list-all.js');
      const { machines } = await listAll({ env: io.env }, await loadHere(io, own), limitMs);
      const outside = here.filter((name) => !own.includes(name));
      return [...machines, ...(await keptMachines(outside, io))];
    },
  };
  const completions = await complete(plain, commands, live, io.platform);
  io.out(
    completions.map(({ word, about }) => `${word}\t${about.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')}\n`).join(''),
  );
  return 0;
}

/** The machines that config install kept of sources whose programs no keystroke runs. */
async function keptMachines(sources: readonly string[], io: Io): Promise<readonly ListedMachine[]> {
  if (sources.length === 0) return [];
  const { writtenHosts } = await import('../../book/same.js');
  const own = (await writtenHosts(io)).filter(({ via, provider }) => !via && sources.includes(provider));
  return own.map((machine) => ({ ...machine, status: 'unknown', also: [] }));
}

/** The hosts of the user's own ssh configuration, without the machines that vmssh wrote, in lower case. */
async function configuredHosts({ env, platform }: Io): Promise<readonly string[]> {
  const [{ readText }, { hostNames, includedTexts }] = await Promise.all([
    import('../../files/read-file.js'),
    import('../../ssh/config/settings.js'),
  ]);
  const folder = sshFolder(env, platform);
  const main = await readText(join(folder, 'config')).catch(() => '');
  const texts = [main, ...(await includedTexts(main, folder, join(folder, 'vmssh.conf'), env))];
  return texts.flatMap((text) => [...hostNames(text)]);
}
