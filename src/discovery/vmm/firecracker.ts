import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { machineCid } from '../../address/cid.js';
import { readText } from '../../files/read-file.js';
import { type FindPath, pathInRoot, pathsOf } from '../processes/process-paths.js';
import { procDir, processesNamed } from '../processes/processes.js';
import { ownSocket } from '../processes/socket-owner.js';
import type { Deps, DiscoveredMachine, Listing, Process, Provider, Status, Warning } from '../provider.js';
import { type GetJson, getJson } from '../tools/http-unix.js';
import { isJsonObject, parseJson } from '../tools/json.js';
import { optionsOf } from './vhost-device.js';

/** Running Firecrackers: the command line has the API socket, which reports the vsock device. */
export const firecracker: Provider = {
  name: 'firecracker',
  title: 'Firecracker',
  platforms: ['linux'],
  list: (deps) => listFirecrackers(deps),
};

/** Effects are parameters: to ask the API, to read a configuration file, to compare two folders. */
export async function listFirecrackers(
  deps: Deps,
  get: GetJson = getJson,
  read: (path: string) => Promise<string> = (path) => readText(path, 1 << 20),
  isSame: (a: string, b: string) => Promise<boolean> = isSameFolder,
): Promise<Listing> {
  const found: DiscoveredMachine[] = [];
  const warnings: Warning[] = [];
  const processes = await processesNamed(/^firecracker/, deps);
  await Promise.all(
    processes.map(async (process) => {
      try {
        found.push(...(await ask(process, deps, get, read, isSame)));
      } catch (error) {
        const { code = 'EIO', message } = error as NodeJS.ErrnoException;
        const problem = `the Firecracker of pid ${process.pid} could not be asked: ${message}`;
        warnings.push({ provider: firecracker.name, code, problem });
      }
    }),
  );
  return { found, warnings };
}

async function ask(
  process: Process,
  deps: Deps,
  get: GetJson,
  read: (path: string) => Promise<string>,
  isSame: (a: string, b: string) => Promise<boolean>,
): Promise<DiscoveredMachine[]> {
  const { pid, argv } = process;
  const [program = '', ...args] = argv;
  const options = Object.fromEntries(optionsOf(args));
  const find = await pathsIn(pid, program, options, deps, isSame);
  const seen = ownSocket(find, process);
  const file = options['config-file'];
  const api = 'no-api' in options ? undefined : (options['api-sock'] ?? '/run/firecracker.socket');
  const tell = async (from: string, what: string) => get(await seen(from), what, deps);
  const config =
    api === undefined ? undefined : await tell(api, '/vm/config').catch(keepIf(file === undefined));
  const vsock = vsockOf(config ?? (file === undefined ? undefined : parseJson(await read(await find(file)))));
  if (vsock === undefined) return [];
  const instance =
    config === undefined || api === undefined ? undefined : await tell(api, '/').catch(() => undefined);
  const status = (isJsonObject(instance) && states.get(String(instance.state))) || 'running';
  const target = `vsock-mux${await seen(vsock.udsPath)}`;
  const name = options.id ?? basename(api ?? vsock.udsPath).replace(/\.sock(et)?$/, '');
  const { cid } = vsock;
  return [{ name, target, status, provider: firecracker.name, cid, pid, address: target }];
}

// One started by the jailer has its own root. Its path is the jailer's default folder, which stays, or else the kernel's
// link to it, which ends with the process.
async function pathsIn(
  pid: number,
  program: string,
  options: Readonly<Record<string, string>>,
  deps: Deps,
  isSame: (a: string, b: string) => Promise<boolean>,
): Promise<FindPath> {
  if (!('start-time-us' in options)) return pathsOf(pid, deps);
  const link = `${procDir(deps)}/${pid}/root`;
  const usual = `/srv/jailer/${basename(program)}/${options.id}/root`;
  const root = (await isSame(link, usual)) ? usual : link;
  return (path) => pathInRoot(root, path);
}

async function isSameFolder(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map((path) => stat(path).catch(() => undefined)));
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}

const states: ReadonlyMap<string, Status> = new Map([
  ['Not started', 'off'],
  ['Running', 'running'],
  ['Paused', 'paused'],
]);

/** The vsock device in the answer to `GET /vm/config` or in a configuration file, which have the same shape. */
export function vsockOf(config: unknown): { readonly udsPath: string; readonly cid?: number } | undefined {
  const vsock: unknown = isJsonObject(config) ? config.vsock : undefined;
  if (!isJsonObject(vsock) || typeof vsock.uds_path !== 'string' || vsock.uds_path === '') return undefined;
  const cid = machineCid(vsock.guest_cid);
  return { udsPath: vsock.uds_path, ...(cid === undefined ? {} : { cid }) };
}

function keepIf(isLastAttempt: boolean): (error: unknown) => undefined {
  return (error) => {
    if (isLastAttempt) throw error;
  };
}
