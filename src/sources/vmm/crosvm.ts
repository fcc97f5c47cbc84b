import { basename } from 'node:path';
import { groupBy } from '../../group-by.js';
import { machineCid } from '../../target/numbers.js';
import { ofProcess, type ProcFs, processesNamed, warnInto } from '../processes/processes.js';
import type { Deps, DiscoveredMachine, Listing, Process, Warning } from '../provider.js';
import type { Source } from '../source.js';
import { fieldsOf, optionsOf } from './vhost-device.js';

/** Running crosvms, by their command lines. */
export const crosvm: Source = {
  name: 'crosvm',
  title: 'crosvm',
  list: (deps) => list(deps),
};

async function list(deps: Deps, fs?: ProcFs): Promise<Listing> {
  const warnings: Warning[] = [];
  const warn = warnInto(warnings, crosvm.name);
  const processes = await processesNamed(/^crosvm$/, deps, { fs, warn });
  const running = processes.filter(({ argv }) => argv.includes('run'));
  // It forks a process per device, all with the same command line, some in namespaces of their own.
  const machines = [...groupBy(running, ({ argv }) => argv.join('\0')).values()];
  const mainOf = (all: readonly Process[]) => all.find(({ authority }) => authority !== 'other') ?? all[0];
  return {
    found: machines.flatMap((all) => fromCrosvm(mainOf(all))),
    warnings,
  };
}

function fromCrosvm(process: Process | undefined): readonly DiscoveredMachine[] {
  if (process === undefined) return [];
  const { pid, argv } = process;
  const { name, ...options } = parseCrosvmArgs(argv);
  if (options.cid === undefined) return [];
  const target = `vsock/${options.cid}`;
  return ofProcess(process, {
    name: name ?? `crosvm-${pid}`,
    target,
    status: 'running',
    provider: crosvm.name,
    cid: options.cid,
    pid,
    address: target,
  });
}

/** `--vsock 3`, `--vsock cid=3,…` or the older `--cid 3`; the name is `--name`'s, else the control socket's. */
export function parseCrosvmArgs(argv: readonly string[]): { readonly name?: string; readonly cid?: number } {
  const args = argv.slice(1).map((arg) => (arg === '-s' ? '--socket' : arg));
  const options = Object.fromEntries(optionsOf(args));
  const vsock = options.vsock ?? options.cid;
  const cid = vsock === undefined ? undefined : machineCid(fieldsOf(vsock).cid ?? vsock.split(',')[0]);
  const name = options.name ?? (options.socket && basename(options.socket).replace(/\.sock(et)?$/, ''));
  return { ...(name ? { name } : {}), cid };
}
