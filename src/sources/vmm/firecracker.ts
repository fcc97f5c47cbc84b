import { basename } from 'node:path';
import { isSameFile, readText } from '../../files/read-file.js';
import { fitsSocket } from '../../typed/names.js';
import { machineCid } from '../../typed/numbers.js';
import { type FindPath, listenedSocket, pathInRoot, pathsOf, usedAs } from '../processes/process-paths.js';
import { procDir } from '../processes/processes.js';
import type { Deps, Listing, Process, Source, Status } from '../source.js';
import { type GetJson, getJson } from '../tools/http-unix.js';
import { objectAt, parseJson, textOf } from '../tools/json.js';
import { nameFrom, optionsOf } from './command-line.js';
import { findMonitor, keepIf, listMonitors, type Monitor } from './monitors.js';

/** Running Firecrackers: the command line has the API socket, which reports the vsock device. */
export const firecracker: Source = {
  name: 'firecracker',
  title: 'Firecracker',
  list: (deps) => listFirecrackers(deps),
  find: (name, deps) => findMonitor(name, listFirecrackers, deps),
};

/** Effects are parameters: to ask the API, to read a configuration file, to compare two folders. */
export async function listFirecrackers(
  deps: Deps,
  get: GetJson = getJson,
  read = (path: string) => readText(path, 1 << 20),
  isSame = isSameFile,
): Promise<Listing> {
  return listMonitors(firecracker, /^firecracker/, (...which) => look(...which, get, read, isSame), deps);
}

async function look(
  process: Process,
  deps: Deps,
  get: GetJson,
  read: (path: string) => Promise<string>,
  isSame: typeof isSameFile,
): Promise<Monitor> {
  const [program = '', ...args] = process.argv;
  const options = Object.fromEntries(optionsOf(args));
  const find = await pathsIn(process, program, options, deps, isSame);
  const seen = listenedSocket(find, process, deps);
  const file = options['config-file'];
  const api = 'no-api' in options ? undefined : (options['api-sock'] ?? '/run/firecracker.socket');
  const inFile = async () =>
    vsockOf(file === undefined ? undefined : parseJson(await usedAs(await find(file), process, deps, read)));
  const addressOf = async (vsock: ReturnType<typeof vsockOf>) =>
    vsock && { cid: vsock.cid, address: `vsock-mux${await seen(vsock.udsPath)}` };
  const tell = async (what: string) => api && get(await seen(api), what, deps);
  return {
    name: options.id ?? nameFrom(api ?? (await inFile())?.udsPath ?? ''),
    async ask() {
      const config = await tell('/vm/config').catch(keepIf(file === undefined));
      const vsock = config === undefined ? await inFile() : vsockOf(config);
      const instance = config === undefined ? undefined : await tell('/').catch(() => undefined);
      const status = states.get(textOf(objectAt(instance), 'state') ?? '') ?? 'running';
      return { status, ...(await addressOf(vsock)) };
    },
  };
}

// One started by the jailer has its own root. Its path is the jailer's default folder, which stays, or else the kernel's
// link to it, which ends with the process; so it does if the folder's path is too long for a socket.
async function pathsIn(
  process: Process,
  program: string,
  options: Readonly<Record<string, string>>,
  deps: Deps,
  isSame: typeof isSameFile,
): Promise<FindPath> {
  if (!('start-time-us' in options)) return pathsOf(process, deps);
  const link = `${procDir(deps)}/${process.pid}/root`;
  const usual = `/srv/jailer/${basename(program)}/${options.id}/root`;
  const isUsual = await isSame(link, usual);
  return async (path) => {
    const here = isUsual && (await pathInRoot(usual, path));
    return here && fitsSocket(here) ? here : pathInRoot(link, path);
  };
}

const states: ReadonlyMap<string, Status> = new Map([
  ['Not started', 'off'],
  ['Running', 'running'],
  ['Paused', 'paused'],
]);

/** The vsock device in the answer to `GET /vm/config` or in a configuration file, which have the same shape. */
export function vsockOf(config: unknown): { readonly udsPath: string; readonly cid?: number } | undefined {
  const vsock = objectAt(config, 'vsock');
  const udsPath = textOf(vsock, 'uds_path');
  return udsPath === undefined ? undefined : { udsPath, cid: machineCid(vsock.guest_cid) };
}
