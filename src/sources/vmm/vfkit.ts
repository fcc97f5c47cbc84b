import { isAbsolute } from 'node:path';
import { ownSocket } from '../processes/process-paths.js';
import { noDevice, ofProcess, orWarn, processesNamed, warnInto } from '../processes/processes.js';
import { routesTo } from '../routes.js';
import type { Deps, DiscoveredMachine, Listing, Process, Source, Warning } from '../source.js';
import { fieldsOf, nameFrom, optionsOf } from './vhost-device.js';

/** By their command lines on a Mac: https://github.com/crc-org/vfkit/blob/main/doc/usage.md#virtio-vsock-communication */
export const vfkit: Source = {
  name: 'vfkit',
  title: 'vfkit and krunkit',
  list: (deps) => listVfkits(deps),
};

async function listVfkits(deps: Deps): Promise<Listing> {
  const found: DiscoveredMachine[] = [];
  const warnings: Warning[] = [];
  const warn = warnInto(warnings, vfkit.name);
  for (const process of await processesNamed(/^(vfkit|krunkit)$/, deps, { warn })) {
    const path = parseVfkitArgs(process.argv);
    if (path === undefined) {
      warn(noDevice(process, 'vfkit'));
      continue;
    }
    found.push(...((await orWarn(() => fromVfkit(process, path), process, warn)) ?? []));
  }
  return { found, warnings };
}

async function fromVfkit(process: Process, path: string): Promise<readonly DiscoveredMachine[]> {
  const { pid } = process;
  const target = `unix${await ownSocket(async (each) => each, process)(path)}`;
  const known = { name: nameFrom(path), target, provider: vfkit.name, pid, routes: routesTo([target]) };
  return ofProcess(process, { ...known, status: 'running' });
}

/** The socket that leads to port 22: `--device virtio-vsock,port=22,socketURL=PATH,connect`. A relative path cannot be used here. */
export function parseVfkitArgs(argv: readonly string[]): string | undefined {
  const devices = optionsOf(argv.slice(1)).filter(([name]) => name === 'device');
  const sockets = devices.flatMap(([, value]) => {
    const { port, socketURL, ...flags } = fieldsOf(value);
    const leadsIn = 'virtio-vsock' in flags && 'connect' in flags && port === '22';
    return leadsIn && socketURL !== undefined && isAbsolute(socketURL) ? [socketURL] : [];
  });
  return sockets[0];
}
