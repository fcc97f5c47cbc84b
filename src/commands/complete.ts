import { slug } from '../discovery/match-found.js';
import type { ListedMachine } from '../discovery/merge.js';
import type { Command, OptionSpec } from './command.js';
import { groupSummaries } from './groups.js';

/** What completion needs of the commands' table. */
export type CommandTable = readonly Pick<Command<unknown>, 'name' | 'usage' | 'options' | 'summary'>[];

export interface Completion {
  readonly word: string;
  readonly about: string;
}

/** What is known about this host, asked only where it is needed. */
export interface LiveNames {
  readonly machines: () => Promise<readonly ListedMachine[]>;
  readonly providers: () => Promise<readonly string[]>;
}

/** Kinds that are addresses; what follows is for the user to know. */
const addressKinds = ['vsock/', 'unix/', 'vsock-mux/'];

/** The words that may stand where the last of `words` is being typed; the program's own name is not among them. */
export async function complete(
  words: readonly string[],
  commands: CommandTable,
  live: LiveNames,
): Promise<readonly Completion[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const command = commands.find(({ name }) => name.split(' ').every((part, i) => before[i] === part));
  const all = command
    ? await inCommand(command, before.slice(command.name.split(' ').length), current, live)
    : namesOf(commands, before);
  return all.filter(({ word }) => word.startsWith(current) && isSafe(word));
}

function namesOf(commands: CommandTable, before: readonly string[]): readonly Completion[] {
  const left = commands.filter(({ name }) => before.every((word, i) => name.split(' ')[i] === word));
  const names = left.map(({ name, summary }) => ({
    word: name.split(' ')[before.length] ?? '',
    about: (before.length === 0 && groupSummaries[name.split(' ')[0] ?? '']) || summary,
  }));
  return names.filter(({ word }, i) => word !== '' && names.findIndex((each) => each.word === word) === i);
}

async function inCommand(
  { options, usage, name }: CommandTable[number],
  before: readonly string[],
  current: string,
  live: LiveNames,
): Promise<readonly Completion[]> {
  const previous = before.at(-1) ?? '';
  const open = options.find((option) => takesNext(option, previous));
  if (open?.long === 'provider' || current.startsWith('--provider=')) return providerNames(current, live);
  if (open?.long === 'output')
    return [
      { word: 'wide', about: '' },
      { word: 'json', about: '' },
    ];
  if (open) return [];
  if (current.startsWith('-'))
    return options.map(({ long, summary }) => ({ word: `--${long}`, about: summary }));
  if (name === 'completion')
    return ['bash', 'zsh', 'fish', 'powershell'].map((word) => ({ word, about: '' }));
  return /TARGET|HOST/.test(usage) ? targets(current, { name, usage }, await live.machines()) : [];
}

function takesNext({ long, short, value, optionalValue }: OptionSpec, word: string): boolean {
  return value !== undefined && !optionalValue && (word === `--${long}` || word === `-${short}`);
}

async function providerNames(current: string, live: LiveNames): Promise<readonly Completion[]> {
  const [head = ''] = /^.*[,=]/.exec(current) ?? [];
  return (await live.providers()).map((name) => ({ word: head + name, about: '' }));
}

/** Targets, and where the usage has a TARGET, which may be a name, the names too. `user@` in front stays there. */
function targets(
  current: string,
  { name: command, usage }: Pick<CommandTable[number], 'name' | 'usage'>,
  machines: readonly ListedMachine[],
): readonly Completion[] {
  const [user = ''] = /^[^@/%:]+@/.exec(current) ?? [];
  const copies = command === 'scp' || command === 'rsync' ? ':' : '';
  const short = usage.includes('TARGET');
  return [
    ...machines.flatMap(({ name, target, status, provider }) => {
      const about = `${status}, ${provider}`;
      const both = short && slug(name) !== '' ? [slug(name), target] : [target];
      return both.map((each) => ({ word: `${user}${each}${copies}`, about }));
    }),
    ...addressKinds.map((kind) => ({ word: `${user}${kind}`, about: 'an address' })),
  ];
}

// A machine may be called anything; what a shell could read as more than a word is not offered.
function isSafe(word: string): boolean {
  return /^[\p{L}\p{N}@%+=:,./_-]+$/u.test(word);
}
