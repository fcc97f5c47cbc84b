import { setTimeout as sleep } from 'node:timers/promises';
import { quote } from './errors.js';
import {
  badOption,
  checkOptions,
  type ListMachinesOptions,
  untilAborted,
  type WatchOptions,
} from './library-options.js';
import type { MachineJson } from './machines/machine-json.js';
import type { Warning } from './sources/provider.js';

export interface MachineList {
  /** As `vmssh list --json` has them, running ones first. */
  readonly machines: readonly MachineJson[];
  /** The sources that could not be asked, and what is wrong with single machines. */
  readonly warnings: readonly Warning[];
}

/** Every machine on this host. A source that fails or is late is a warning. */
export async function libraryList(options: ListMachinesOptions = {}): Promise<MachineList> {
  checkOptions('list', 'list', options);
  const { signal, sources: names } = options;
  return untilAborted(signal, async () => {
    const { listAll } = await import('./sources/list-all.js');
    const { everyEntry, loadForList, sourcesHere } = await import('./sources/here.js');
    const { listed } = await import('./machines/listed.js');
    const { machineJson } = await import('./machines/machine-json.js');
    const { sshNames } = await import('./ssh/config/names.js');
    const { readState, stateFile } = await import('./ssh/config/state.js');
    const { ownEnv } = await import('./sources/trusted-env.js');
    const written = await readState(stateFile(ownEnv(process.env)));
    const all = everyEntry();
    const known = all.map(({ name }) => name);
    for (const name of names ?? [])
      if (!known.includes(name))
        throw badOption('list', `there is no source ${quote(name)}`, `they are ${known.join(', ')}`);
    const chosen = all.filter(({ name }) => names?.includes(name) ?? true);
    const asked = await loadForList(sourcesHere({ env: process.env }, names, chosen));
    const deps = { env: process.env, signal };
    const { machines, warnings } = await listAll(deps, asked);
    const hosts = sshNames(written?.machines ?? [], machines);
    const rows = listed({ runningOnly: false }, { machines });
    return { machines: rows.map((each) => machineJson(each, hosts.get(each))), warnings };
  });
}

/** The list as it is now, and again each time that it has changed, until the signal is aborted. */
export async function* libraryWatch(options: WatchOptions = {}): AsyncGenerator<MachineList, void> {
  checkOptions('watch', 'watch', options);
  const { every = 2000, ...asked } = options;
  const { signal } = asked;
  let last: string | undefined;
  while (!signal?.aborted)
    try {
      const found = await libraryList(asked);
      const text = JSON.stringify(found);
      if (text !== last) yield found;
      last = text;
      await sleep(every, undefined, signal ? { signal } : {});
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
}
