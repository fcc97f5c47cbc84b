import { machineCid, parseUuid } from '../../typed/numbers.js';
import { listenedSocket, pathsOf } from '../processes/process-paths.js';
import type { Deps, Listing, Process, Source, Status } from '../source.js';
import { type GetJson, getJson } from '../tools/http-unix.js';
import { type JsonObject, objectAt, textOf } from '../tools/json.js';
import { fieldsOf, nameFrom, optionsOf } from './command-line.js';
import { findMonitor, keepIf, listMonitors, type Monitor, type MonitorAnswer } from './monitors.js';

/** Running cloud-hypervisors: by their command lines, or by their API if the machine was created through it. */
export const cloudHypervisor: Source = {
  name: 'cloud-hypervisor',
  title: 'Cloud Hypervisor',
  list: (deps) => listCloudHypervisors(deps),
  find: (name, deps) => findMonitor(name, listCloudHypervisors, deps),
};

export async function listCloudHypervisors(deps: Deps, get: GetJson = getJson): Promise<Listing> {
  return listMonitors(cloudHypervisor, /^cloud-hypervisor/, (...which) => look(...which, get), deps);
}

async function look(process: Process, deps: Deps, get: GetJson): Promise<Monitor> {
  const options = Object.fromEntries(optionsOf(process.argv.slice(1)));
  const find = await pathsOf(process, deps);
  const seen = listenedSocket(find, process, deps);
  const multiplexer = listenedSocket(find, process, deps, noPort);
  const api = apiPath(options['api-socket']);
  const typed = options.vsock === undefined ? undefined : fieldsOf(options.vsock);
  return {
    name: nameFrom(api || typed?.socket || ''),
    async ask() {
      const infoOf = async (path: string) => get(await seen(path), '/api/v1/vm.info', deps);
      // FAILED: it answered that it has no machine yet.
      const info = api ? await infoOf(api).catch(keepIf(typed === undefined, 'FAILED')) : undefined;
      const vm = parseVmInfo(info);
      const socket = vm.socket ?? typed?.socket;
      // A machine that was made by a socket that vmssh cannot ask may have one.
      if (!socket && options['api-socket'] !== undefined && info === undefined) return undefined;
      const { status = 'running', uuid = uuidOf(fieldsOf(options.platform ?? '')) } = vm;
      const cid = vm.cid ?? machineCid(typed?.cid);
      return { status, uuid, ...(socket ? { cid, address: `vsock-mux${await multiplexer(socket)}` } : {}) };
    },
  };
}

// A connection without a line ends a cloud-hypervisor 38 to 40, with its machine, and 47 and 48 never read another one:
// cloud-hypervisor#6621, #7310. All refuse this line, and the machine does not see it.
const noPort = 'CONNECT -\n';

// "path=PATH", "PATH", or "fd=N" for an inherited socket, whose path is unknown.
function apiPath(option = ''): string | undefined {
  const { path, fd } = fieldsOf(option);
  return fd === undefined ? path || option : undefined;
}

// "system_uuid" since 53, which still accepts "uuid".
function uuidOf(platform: JsonObject): string | undefined {
  return parseUuid(textOf(platform, 'system_uuid') ?? textOf(platform, 'uuid') ?? '');
}

export function parseVmInfo(info: unknown): Partial<MonitorAnswer> & { readonly socket?: string } {
  const { socket, cid } = objectAt(info, 'config', 'vsock');
  return {
    socket: typeof socket === 'string' ? socket : undefined,
    cid: machineCid(cid),
    uuid: uuidOf(objectAt(info, 'config', 'platform')),
    status: states.get(textOf(objectAt(info), 'state') ?? ''),
  };
}

const states: ReadonlyMap<string, Status> = new Map([
  ['Created', 'off'],
  ['Running', 'running'],
  ['Shutdown', 'off'],
  ['Paused', 'paused'],
  ['BreakPoint', 'paused'],
]);
