import { join } from 'node:path';
import type { Io } from '../../cli/command.js';
import { complain } from '../../cli/message.js';
import { type RunTool, runTool } from '../../discovery/tools/run-tool.js';
import { readText } from '../../files/read-file.js';
import { ownerOf } from '../../ssh/config/file.js';
import type { HostState } from '../../ssh/config/state.js';
import { disablePorts, systemctl } from '../units/systemd.js';
import { enabledPorts, loopbackUnits, unitsOf } from './units.js';

/**
 * Has the user's systemd listen on exactly the loopback ports of a state, if the units in this folder are ours. `again`: also on those that
 * it had before, whose units may have changed. Resolves to whether it listens; if it fails, a message says so.
 */
export async function serveLoopback(
  { options, machines }: HostState,
  folder: string | undefined,
  io: Io,
  again: boolean,
  run: RunTool = runTool,
): Promise<boolean> {
  if (options.loopback === undefined || folder === undefined || !(await areOurs(folder))) return false;
  const ports = machines.flatMap(({ loopback = [] }) => loopback);
  const before = await enabledPorts(folder);
  const gone = before.filter((port) => !ports.includes(port));
  await disablePorts(folder, gone, io, run);
  const sockets = ports.filter((port) => again || !before.includes(port)).map((port) => unitsOf(port).socket);
  try {
    if (again) await systemctl(['daemon-reload'], io, run);
    if (sockets.length > 0) await systemctl(['enable', '--now', ...sockets], io, run);
    return true;
  } catch (error) {
    await complain(
      `systemd does not listen on the loopback ports: ${(error as Error).message}`,
      'vmssh forward --all connects them until Ctrl-C; to try again: vmssh config install --loopback',
      io,
    );
    return false;
  }
}

async function areOurs(folder: string): Promise<boolean> {
  const texts = loopbackUnits.map((name) => readText(join(folder, name)).catch(() => undefined));
  return (await Promise.all(texts)).every((text) => ownerOf(text) === 'ours');
}
