import { ConnectError, quote } from '../../base/errors.js';
import { countBy } from '../../base/group-by.js';
import { answerOf, searchIn } from '../search.js';
import type { Deps, DiscoveredMachine, Listing, Search, Source } from '../source.js';
import { DiscoveryError, joinListings, serviceLimitMs, warned } from '../source.js';
import { operand } from '../start-command.js';
import { filesByExec, publicKeys } from '../tools/machine-files.js';
import { answerIn, type ListAnswer } from '../tools/row-limits.js';
import { type RunTool, runToolInRoot } from '../tools/run-tool.js';
import { filesSource, type OutsideLine, type OutsideLines } from './file.js';
import { byMode, checkLine, programsOf, untrustedIn, type WhoChanges } from './trust.js';

/** A source of machines that is a program of the user or of root: docs/sources.md. */
export function outsideSource(
  line: OutsideLine,
  run: RunTool = runToolInRoot,
  whoChanges?: WhoChanges,
): Source {
  const { name, command } = line;
  const ask = async (words: readonly string[], deps: Deps): Promise<Listing> => {
    const who = whoChanges ?? (await byMode());
    const answer = await runOutside(line, words, deps, run, who);
    return trusted((await import('./rows.js')).machinesIn(line, answer), line, who);
  };
  const list = ({ wanted, ...deps }: Deps) =>
    ask(wanted !== undefined && line.find ? ['find', ...operand(wanted)] : ['list'], deps);
  return {
    name,
    title: name,
    limitMs: serviceLimitMs,
    list,
    ...(line.find && {
      listsWanted: true,
      find: (wanted, deps) =>
        answerOf(searchOf(list({ ...deps, wanted }), `${name} has no machine ${quote(wanted)}`), deps.signal),
    }),
    ...(line.start && {
      start: ({ name: machine }) => ({ machine, command: [...command, 'start', ...operand(machine)] }),
    }),
    // No first key is taken on trust of a machine whose row says keys.
    async resolve(machine, { text }) {
      if (machine.hostKeys === undefined) return {};
      const hostKeys = publicKeys(machine.hostKeys);
      if (hostKeys.length > 0) return { machine: { ...machine, hostKeys } };
      throw new ConnectError('resolve', text, {
        code: 'NO_HOST_KEY',
        problem: `${name} says "hostKeys" of ${quote(machine.name)}, and none of them is a host key`,
        hint: `see what is wrong: vmssh check ${name}`,
      });
    },
    // Some make their key only when they are first reached: their row is asked for once more.
    async files({ name: wanted, target, uuid }, deps) {
      const { found: rows } = await list({ ...deps, wanted });
      const [row, ...others] = rows.filter((machine) => machine.target === target && machine.uuid === uuid);
      if (!row || others.length > 0) return undefined;
      const { exec, hostKeys } = row;
      const byExec = exec && filesByExec(exec, deps);
      return hostKeys ? { ...byExec, read: async () => hostKeys } : byExec;
    },
    hints: {
      unknown: `vmssh list --provider ${name}`,
      unavailable: `vmssh check ${name}`,
      start: `"start": true in its line of ${line.file} lets vmssh start it, if its program can`,
    },
  };
}

/** All that "find" printed is what the name may mean: its other machines are not known. */
async function searchOf(answer: Promise<Listing>, missing: string): Promise<Search> {
  const { found: machines, warnings } = await answer;
  if (machines.length === 0) return { outcome: 'unknown', known: [], missing, warnings };
  return searchIn(machines, machines, ({ target }) => target, warnings);
}

/** Without keys that others could change, and without machines that are reached by a program that they could change. */
async function trusted({ found, warnings }: Listing, line: OutsideLine, who: WhoChanges): Promise<Listing> {
  const untrusted = await untrustedIn(found, line, who);
  if (untrusted.size === 0) return { found, warnings };
  const kept: DiscoveredMachine[] = [];
  const left: string[] = [];
  for (const machine of found) {
    const [why] = programsOf(machine).flatMap((program) => untrusted.get(program) ?? []);
    if (why !== undefined) left.push(why);
    else if (!untrusted.has(machine.identityFile ?? '')) kept.push(machine);
    else kept.push({ ...machine, identityFile: undefined });
  }
  const lacks = [...countBy(left, (why) => why)].map(([why, count]) =>
    warned(line.name, 'FOREIGN', `${count} of its machines cannot be shown: ${why}`),
  );
  return joinListings([{ found: kept, warnings }, ...lacks]);
}

/** What the program of a source prints, if only this user or root can have changed it. Throws a DiscoveryError. */
export async function runOutside(
  line: OutsideLine,
  words: readonly string[],
  deps: Deps,
  run: RunTool = runToolInRoot,
  who?: WhoChanges,
): Promise<ListAnswer> {
  const { name, command, file, wrong } = line;
  if (wrong !== undefined) throw new DiscoveryError('PROTOCOL', `${file}: ${wrong}`, { final: true });
  await checkLine(line, who ?? (await byMode()));
  const [program = '', ...args] = command;
  const own = { ...deps, env: { ...deps.env, VMSSH_SOURCE: name } };
  return answerIn(await run(program, [...args, ...words], own));
}

/** What is wrong with the files, as the warnings of a source. */
export function sourceOfFiles(problems: OutsideLines['problems']): Source {
  const lists = problems.map(({ file, code, problem }) => warned(filesSource, code, `${file}: ${problem}`));
  return { name: filesSource, title: filesSource, list: async () => joinListings(lists) };
}
