import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { type GetJson, getJson } from './http-unix.js';
import { isJsonObject, type JsonObject } from './json.js';
import { processesNamed } from './processes.js';
import type { Deps, Found, Listing, Process, Provider, Warning } from './provider.js';
import { optionsOf } from './vhost-device.js';

/** Running Firecrackers: the process tells its API socket, which tells its vsock device. */
export const firecracker: Provider = {
  name: 'firecracker',
  platforms: ['linux'],
  list: (deps) => listFirecrackers(deps),
};

/** Effects are parameters: how the API is asked, how a configuration file is read. */
export async function listFirecrackers(
  deps: Deps,
  get: GetJson = getJson,
  read: (path: string) => Promise<string> = (path) => readFile(path, 'utf8'),
): Promise<Listing> {
  const found: Found[] = [];
  const warnings: Warning[] = [];
  const processes = await processesNamed(/^firecracker/, deps);
  await Promise.all(
    processes.map(async (process) => {
      try {
        found.push(...(await ask(process, deps, get, read)));
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
  { pid, argv }: Process,
  deps: Deps,
  get: GetJson,
  read: (path: string) => Promise<string>,
): Promise<Found[]> {
  const options = Object.fromEntries(optionsOf(argv.slice(1)));
  // A jailed one has a root and a working folder of its own; the kernel lets us in by its own links.
  const jailed = 'start-time-us' in options;
  const seen = (path: string) => {
    if (isAbsolute(path)) return jailed ? join(`${deps.procDir ?? '/proc'}/${pid}/root`, path) : path;
    return join(`${deps.procDir ?? '/proc'}/${pid}/cwd`, path);
  };
  const file = options['config-file'];
  const api = 'no-api' in options ? undefined : (options['api-sock'] ?? '/run/firecracker.socket');
  const config =
    api === undefined
      ? undefined
      : await get(seen(api), '/vm/config', deps).catch(keepIf(file === undefined));
  const vsock = vsockOf(config ?? (file === undefined ? undefined : JSON.parse(await read(seen(file)))));
  if (vsock === undefined) return [];
  const target = `vsock-mux${seen(vsock.udsPath)}`;
  const name = options.id ?? basename(api ?? vsock.udsPath).replace(/\.sock(et)?$/, '');
  const { cid } = vsock;
  return [{ name, target, status: 'running', provider: firecracker.name, cid, pid, address: target }];
}

/** The vsock device of `GET /vm/config`, or of a configuration file: both have the same shape. */
export function vsockOf(config: unknown): { readonly udsPath: string; readonly cid?: number } | undefined {
  const vsock: unknown = isJsonObject(config) ? config.vsock : undefined;
  if (!isJsonObject(vsock) || typeof vsock.uds_path !== 'string' || vsock.uds_path === '') return undefined;
  const cid = (vsock as JsonObject).guest_cid;
  return { udsPath: vsock.uds_path, ...(typeof cid === 'number' ? { cid } : {}) };
}

function keepIf(isLastWay: boolean): (error: unknown) => undefined {
  return (error) => {
    if (isLastWay) throw error;
  };
}
