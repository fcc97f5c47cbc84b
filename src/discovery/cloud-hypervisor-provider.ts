import { basename, isAbsolute, join } from 'node:path';
import { type GetJson, getJson } from './http-unix.js';
import { isJsonObject } from './json.js';
import { processesNamed } from './processes.js';
import type { Deps, Found, Listing, Process, Provider, Status, Warning } from './provider.js';
import { fieldsOf, optionsOf } from './vhost-device.js';

/** Running cloud-hypervisors: by their command lines, and by their API where the machine was made through it. */
export const cloudHypervisor: Provider = {
  name: 'cloud-hypervisor',
  platforms: ['linux'],
  list: (deps) => listCloudHypervisors(deps),
};

export async function listCloudHypervisors(deps: Deps, get: GetJson = getJson): Promise<Listing> {
  const processes = await processesNamed(/^cloud-hypervisor/, deps);
  const found: Found[] = [];
  const warnings: Warning[] = [];
  await Promise.all(
    processes.map(async (process) => {
      try {
        found.push(...(await ask(process, deps, get)));
      } catch (error) {
        const { code = 'EIO', message } = error as NodeJS.ErrnoException;
        const problem = `the cloud-hypervisor of pid ${process.pid} could not be asked: ${message}`;
        warnings.push({ provider: cloudHypervisor.name, code, problem });
      }
    }),
  );
  return { found, warnings };
}

async function ask({ pid, argv }: Process, deps: Deps, get: GetJson): Promise<Found[]> {
  const options = Object.fromEntries(optionsOf(argv.slice(1)));
  const seen = (path: string) =>
    isAbsolute(path) ? path : join(`${deps.procDir ?? '/proc'}/${pid}/cwd`, path);
  const api = options['api-socket'] && (fieldsOf(options['api-socket']).path || options['api-socket']);
  const typed = options.vsock === undefined ? undefined : fieldsOf(options.vsock);
  const told = api
    ? await get(seen(api), '/api/v1/vm.info', deps).catch(keepIf(typed === undefined))
    : undefined;
  const vm = parseVmInfo(told);
  const socket = vm.socket ?? typed?.socket;
  if (!socket) return [];
  const target = `vsock-mux${seen(socket)}`;
  const cid = vm.cid ?? (typed?.cid === undefined ? undefined : Number(typed.cid));
  const name = basename(api || socket).replace(/\.sock(et)?$/, '');
  const { status = 'running', uuid } = vm;
  return [{ name, target, status, provider: cloudHypervisor.name, cid, uuid, pid, address: target }];
}

/** What `GET /api/v1/vm.info` tells of the machine. */
export function parseVmInfo(info: unknown): {
  readonly socket?: string | undefined;
  readonly cid?: number | undefined;
  readonly uuid?: string | undefined;
  readonly status?: Status | undefined;
} {
  if (!isJsonObject(info) || !isJsonObject(info.config)) return {};
  const { vsock, platform } = info.config;
  const device = isJsonObject(vsock) ? vsock : {};
  const uuid =
    isJsonObject(platform) && typeof platform.uuid === 'string' ? platform.uuid.toLowerCase() : undefined;
  return {
    socket: typeof device.socket === 'string' ? device.socket : undefined,
    cid: typeof device.cid === 'number' ? device.cid : undefined,
    uuid: uuid === '' ? undefined : uuid,
    status: states[String(info.state)],
  };
}

const states: Readonly<Record<string, Status>> = {
  Created: 'off',
  Running: 'running',
  Shutdown: 'off',
  Paused: 'paused',
  BreakPoint: 'paused',
};

function keepIf(isLastWay: boolean): (error: unknown) => undefined {
  return (error) => {
    if (isLastWay) throw error;
  };
}
