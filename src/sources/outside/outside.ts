import type { Deps, DiscoveredMachine, Listing, Search, Warning } from '../provider.js';
import { DiscoveryError } from '../provider.js';
import { answerOf, searchIn } from '../search.js';
import { type Source, serviceLimitMs } from '../source.js';
import { operand } from '../start-command.js';
import { type RunTool, runTool } from '../tools/run-tool.js';
import { filesSource, type OutsideLine, type OutsideLines } from './file.js';

/** Who could change a file, besides this user and root; undefined: nobody. */
export type WhoChanges = (path: string) => Promise<string | undefined>;

/** A source of machines that is a program of the user or of root: docs/sources.md. */
export function outsideSource(line: OutsideLine, run: RunTool = runTool, who: WhoChanges = byMode): Source {
  const { name, command } = line;
  const ask = async (words: readonly string[], deps: Deps): Promise<Listing> => {
    const text = await runOutside(line, words, deps, run, who);
    return (await import('./rows.js')).machinesIn(line, text);
  };
  return {
    name,
    title: name,
    limitMs: serviceLimitMs,
    list: (deps) => ask(['list'], deps),
    ...(line.find
      ? { find: (wanted, deps) => answerOf(found(ask(['find', ...operand(wanted)], deps)), deps.signal) }
      : {}),
    ...(line.start
      ? { start: ({ name: machine }) => ({ machine, command: [...command, 'start', ...operand(machine)] }) }
      : {}),
    hints: { unknown: `vmssh list --provider ${name}`, unavailable: `vmssh check ${name}` },
  };
}

/** All that "find" printed is what the name may mean. */
async function found(answer: Promise<Listing>): Promise<Search<DiscoveredMachine, Warning>> {
  const { found: machines, warnings } = await answer;
  return searchIn(machines, machines, ({ target }) => target, warnings);
}

/** What the program of a source prints, if only this user or root can have changed it. Throws a DiscoveryError. */
export async function runOutside(
  line: OutsideLine,
  words: readonly string[],
  deps: Deps,
  run: RunTool = runTool,
  who: WhoChanges = byMode,
): Promise<string> {
  const { command, file, folder, wrong } = line;
  if (wrong !== undefined) throw new DiscoveryError('PROTOCOL', `${file}: ${wrong}`, { final: true });
  const [program = '', ...args] = command;
  for (const path of [file, program, ...(folder === undefined ? [] : [folder])]) {
    const other = await who(path);
    if (other !== undefined)
      throw new DiscoveryError('UNTRUSTED', `${path} is not used: ${other} can change it`, { final: true });
  }
  return run(program, [...args, ...words], deps);
}

const byMode: WhoChanges = async (path) => {
  const { effects, writersByMode } = await import('../../files/writers.js');
  return (await writersByMode(effects)).over(path);
};

/** What is wrong with the files, as the warnings of a source. */
export function sourceOfFiles(problems: OutsideLines['problems']): Source {
  const provider = filesSource;
  const warnings = problems.map(({ file, code, problem }) => ({
    provider,
    code,
    problem: `${file}: ${problem}`,
  }));
  return { name: provider, title: provider, list: async () => ({ found: [], warnings }) };
}
