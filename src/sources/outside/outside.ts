import { countBy } from '../../group-by.js';
import { answerOf, searchIn } from '../search.js';
import type { Deps, Listing, Search, Source } from '../source.js';
import { DiscoveryError, serviceLimitMs } from '../source.js';
import { operand } from '../start-command.js';
import { type RunTool, runToolInRoot } from '../tools/run-tool.js';
import { filesSource, type OutsideLine, type OutsideLines } from './file.js';
import type { OutsideMachine } from './rows.js';
import { byMode, checkLine, programsOf, untrustedIn, type WhoChanges } from './trust.js';

/** A source of machines that is a program of the user or of root: docs/sources.md. */
export function outsideSource(
  line: OutsideLine,
  run: RunTool = runToolInRoot,
  whoChanges?: WhoChanges,
): Source<OutsideMachine> {
  const { name, command } = line;
  const ask = async (words: readonly string[], deps: Deps): Promise<Listing<OutsideMachine>> => {
    const who = whoChanges ?? (await byMode());
    const text = await runOutside(line, words, deps, run, who);
    return trusted((await import('./rows.js')).machinesIn(line, text), line, who);
  };
  return {
    name,
    title: name,
    limitMs: serviceLimitMs,
    list: (deps) => ask(['list'], deps),
    ...(line.find && {
      find: (wanted, deps) => answerOf(found(ask(['find', ...operand(wanted)], deps)), deps.signal),
    }),
    ...(line.start && {
      start: ({ name: machine }) => ({ machine, command: [...command, 'start', ...operand(machine)] }),
    }),
    // The keys that its row says: of two with one name nobody knows which was reached.
    async files({ target, uuid }, deps) {
      const rows = (await ask(['list'], deps)).found;
      const [row, ...others] = rows.filter((each) => each.target === target && each.uuid === uuid);
      const keys = others.length === 0 ? row?.hostKeys : undefined;
      return keys && { read: async () => keys };
    },
    hints: { unknown: `vmssh list --provider ${name}`, unavailable: `vmssh check ${name}` },
  };
}

/** All that "find" printed is what the name may mean. */
async function found(answer: Promise<Listing<OutsideMachine>>): Promise<Search<OutsideMachine>> {
  const { found: machines, warnings } = await answer;
  return searchIn(machines, machines, ({ target }) => target, warnings);
}

/** Without keys that others could change, and without machines that are reached by a program that they could change. */
async function trusted(
  { found, warnings }: Listing<OutsideMachine>,
  line: OutsideLine,
  who: WhoChanges,
): Promise<Listing<OutsideMachine>> {
  const untrusted = await untrustedIn(found, line, who);
  if (untrusted.size === 0) return { found, warnings };
  const kept: OutsideMachine[] = [];
  const left: string[] = [];
  for (const machine of found) {
    const [why] = programsOf(machine).flatMap((program) => untrusted.get(program) ?? []);
    if (why !== undefined) left.push(why);
    else if (!untrusted.has(machine.identityFile ?? '')) kept.push(machine);
    else kept.push({ ...machine, identityFile: undefined });
  }
  const lacks = [...countBy(left, (why) => why)].map(([why, count]) => ({
    ...{ provider: line.name, code: 'FOREIGN' },
    problem: `${count} of its machines cannot be shown: ${why}`,
  }));
  return { found: kept, warnings: [...warnings, ...lacks] };
}

/** What the program of a source prints, if only this user or root can have changed it. Throws a DiscoveryError. */
export async function runOutside(
  line: OutsideLine,
  words: readonly string[],
  deps: Deps,
  run: RunTool = runToolInRoot,
  who?: WhoChanges,
): Promise<string> {
  const { name, command, file, wrong } = line;
  if (wrong !== undefined) throw new DiscoveryError('PROTOCOL', `${file}: ${wrong}`, { final: true });
  await checkLine(line, who ?? (await byMode()));
  const [program = '', ...args] = command;
  return run(program, [...args, ...words], { ...deps, env: { ...deps.env, VMSSH_SOURCE: name } });
}

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
