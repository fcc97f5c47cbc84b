import { countBy } from '../../base/group-by.js';
import { type Command, groupSummaries, type OptionSpec, shownOn } from '../../cli/command.js';
import { viaOption } from '../../cli/shared-options.js';
import { addressWord } from '../../kinds/kind.js';
import { asTarget, kinds } from '../../kinds/kinds.js';
import type { ListedMachine } from '../../sources/merge.js';
import { isOfOthers } from '../../sources/search.js';
import { splitArgs, tools } from '../../ssh/split-args.js';
import { foldOf, slug } from '../../typed/names.js';
import { shells } from './scripts.js';

export type CommandTable = readonly Pick<Command<unknown>, 'name' | 'usage' | 'options' | 'summary'>[];

interface Completion {
  readonly word: string;
  readonly about: string;
}

/** Facts about this host, looked up only when needed. */
export interface LiveNames {
  readonly machines: () => Promise<readonly ListedMachine[]>;
  readonly sources: readonly string[];
  readonly hosts: () => Promise<readonly string[]>;
}

/** The candidates for the last of `words`, which is being typed; `words` begin after the program's name. */
export async function complete(
  words: readonly string[],
  commands: CommandTable,
  live: LiveNames,
  platform: NodeJS.Platform = process.platform,
): Promise<readonly Completion[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const command = commands.find(({ name }) => name.split(' ').every((part, i) => before[i] === part));
  const all = command
    ? await inCommand(command, before.slice(command.name.split(' ').length), current, live, platform)
    : namesOf(commands, before, current);
  const fitting = all.filter(({ word }) => word.startsWith(current) && isSafe(word));
  return [
    ...new Map(fitting.toReversed().map((completion) => [completion.word, completion])).values(),
  ].toReversed();
}

const ownOptions: readonly Completion[] = [
  { word: '--help', about: 'the commands' },
  { word: '--version', about: 'the version' },
];

function namesOf(commands: CommandTable, before: readonly string[], current: string): readonly Completion[] {
  if (/^(--version|-V)$/.test(before.join(' '))) return [{ word: '--json', about: 'details of the build' }];
  const left = commands.filter(({ name }) => before.every((word, i) => name.split(' ')[i] === word));
  const names = left.map(({ name, summary }) => ({
    word: name.split(' ')[before.length] ?? '',
    about: (before.length === 0 && groupSummaries[name.split(' ')[0] ?? '']) || summary,
  }));
  const own = before.length === 0 && current.startsWith('-') ? ownOptions : [];
  return [...names, ...own].filter(
    ({ word }, i, all) => word !== '' && all.findIndex((completion) => completion.word === word) === i,
  );
}

async function inCommand(
  command: CommandTable[number],
  before: readonly string[],
  current: string,
  live: LiveNames,
  platform: NodeJS.Platform,
): Promise<readonly Completion[]> {
  const { options, name, usage } = command;
  const isOption = !before.includes('--') && !hasOperand(name, before);
  const value = isOption ? openValue(options, before.at(-1) ?? '', current) : undefined;
  if (value) return valuesOf(value, command, live);
  if (isOption && current.startsWith('-'))
    return shownOn(platform, options).map(({ long, summary }) => ({ word: `--${long}`, about: summary }));
  if (usage === 'SOURCE') {
    const { aboutSource, shippedSources } = await import('../../sources/outside/shipped.js');
    return [...shippedSources].map(([word, shipped]) => ({ word, about: aboutSource(shipped) }));
  }
  if (name === 'completion') return shells.map((word) => ({ word, about: '' }));
  const isThere =
    options.some((option) => option === viaOption) && before.some((word) => /^--via(=|$)/.test(word));
  // What a hypervisor has is not asked at each keystroke.
  const here = isThere ? { ...live, machines: async () => [] } : live;
  if (usage === '[NAME...]') return machineCandidates(await here.machines(), true);
  const isTaken = hasOperand(name, before, options) && /(TARGET|HOST)(?!\.\.\.|:)/.test(usage);
  return /TARGET|HOST/.test(usage) && !isTaken ? targets(current, command, here) : [];
}

/** Without `options` only of ssh, scp, sftp and rsync, whose first operand comes after our options. */
function hasOperand(name: string, before: readonly string[], options?: readonly OptionSpec[]): boolean {
  const tool = tools.find((tool) => tool === name);
  if (tool !== undefined) return splitArgs(tool, before).operands.length > 0;
  const isValue = (i: number) => options?.some((option) => takesNext(option, before[i - 1] ?? ''));
  return options !== undefined && before.some((word, i) => !word.startsWith('-') && !isValue(i));
}

/** `head`: what comes before it in the same word, "--output=". */
function openValue(options: readonly OptionSpec[], previous: string, current: string) {
  const apart = options.find((option) => takesNext(option, previous));
  if (apart) return { option: apart, head: '', text: current };
  const [, head = '', long, text = ''] = /^(--([^=]+)=)(.*)$/s.exec(current) ?? [];
  const option = options.find((option) => option.value !== undefined && option.long === long);
  return option && { option, head, text };
}

function takesNext({ long, short, value, optionalValue }: OptionSpec, word: string): boolean {
  return value !== undefined && !optionalValue && (word === `--${long}` || word === `-${short}`);
}

async function valuesOf(
  { option: { takes = [], value = '' }, head, text }: NonNullable<ReturnType<typeof openValue>>,
  command: CommandTable[number],
  live: LiveNames,
): Promise<readonly Completion[]> {
  if (takes === 'target') {
    const [before = ''] = value.includes(',') ? (/^.*,/s.exec(text) ?? []) : [];
    const completions = await targets(text.slice(before.length), { ...command, usage: 'HOST' }, live);
    return completions.map(({ word, about }) => ({ word: head + before + word, about }));
  }
  const [list = ''] = takes === 'sources' ? (/^.*,/s.exec(text) ?? []) : [];
  const named = takes === 'sources' ? live.sources : takes;
  const words = named === 'host' ? await live.hosts() : named;
  return words.map((word) => ({ word: head + list + word, about: '' }));
}

/** Targets, and also names if the usage has a TARGET. A `user@` in front is kept. */
async function targets(
  current: string,
  { name: command, usage }: { readonly name: string; readonly usage: string },
  live: LiveNames,
): Promise<readonly Completion[]> {
  const [user = ''] = /^[^@/%:]+@/.exec(current) ?? [];
  const copies = command === 'scp' || command === 'rsync' ? ':' : '';
  const machines = machineCandidates(await live.machines(), usage.includes('TARGET'));
  const addresses = kinds.map(addressWord).filter((word) => word !== undefined && word !== '');
  const hops = /^via[/%]/.test(current.slice(user.length)) ? await live.hosts() : [];
  return [
    ...hops.map((host) => ({ word: `${user}via/${host}/`, about: 'a hypervisor' })),
    ...machines.map(({ word, about }) => ({ word: `${user}${word}${copies}`, about })),
    ...addresses.map((word) => ({ word: `${user}${word}`, about: 'an address' })),
  ];
}

// A machine can have any name; one that a shell could read as more than one word is not offered.
function isSafe(word: string): boolean {
  return /^[\p{L}\p{N}@%+=:,./_-]+$/u.test(word);
}

/** The candidates for a machine with a description: only those that commands resolve to this machine. */
export function machineCandidates(
  machines: readonly ListedMachine[],
  withNames: boolean,
): readonly Completion[] {
  const own = machines.filter((machine) => !isOfOthers(machine));
  const folds = countBy(own, ({ name }) => foldOf(name));
  return machines.flatMap((machine) => {
    const { name, target, status, provider } = machine;
    if (asTarget(target) === undefined) return [];
    const short = slug(name);
    const isTaken = withNames && short !== '' && !isOfOthers(machine) && folds.get(foldOf(name)) === 1;
    const about = `${status}, ${provider}`;
    return (isTaken ? [short, target] : [target]).map((word) => ({ word, about }));
  });
}
