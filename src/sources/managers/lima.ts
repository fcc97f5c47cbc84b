import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { wroteFile } from '../processes/process-paths.js';
import { routesTo } from '../routes.js';
import type { Deps, DiscoveredMachine, Listing, Source } from '../source.js';
import { joinListings, statusReader } from '../source.js';
import { operand } from '../start-command.js';
import { type JsonObject, objectAt } from '../tools/json.js';
import {
  hostAndPort,
  jsonObjects,
  listByUsersTool,
  machinesNamed,
  portOf,
  type RunTool,
  runTool,
  textOf,
} from '../tools/run-tool.js';
import { authorityOf, configFolder } from '../trusted-path.js';

/** Lima's instances, whose SSH servers are on TCP ports of this host. */
export const lima: Source = {
  name: 'lima',
  title: 'Lima',
  programs: ['limactl'],
  listCommand: 'limactl list',
  list: (deps) => listLima(deps),
  start: ({ name: machine, identityFile = '' }, env) => ({
    machine,
    command: identityFile.startsWith(`${colimaFolder(env)}/`)
      ? ['colima', 'start', ...operand(machine.replace(/^colima-?/, '') || 'default')]
      : ['limactl', 'start', ...operand(machine)],
  }),
  // By an ssh of its own to the port of this host that its process holds while the machine runs.
  async files({ name }, deps) {
    const { filesByExec, isPlainName } = await import('../tools/machine-files.js');
    const exec = ['limactl', 'shell', '--workdir=/', name];
    return isPlainName(name) ? filesByExec(exec, deps, [...exec, 'sudo', '-n']) : undefined;
  },
};

/** Those of colima too, whose instances are Lima's in a folder of their own, unless LIMA_HOME names the only folder. */
export async function listLima(
  deps: Deps,
  run: RunTool = runTool,
  uid = process.getuid?.(),
): Promise<Listing> {
  const { env, exists = existsSync } = deps;
  const listIn = (own: Deps) =>
    listByUsersTool(uid, lima.name, ['limactl', 'list', '--json'], parseLima, own, run);
  const folder = colimaFolder(env);
  if (env.LIMA_HOME || !exists(folder)) return listIn(deps);
  const colima = { ...deps, env: { ...env, LIMA_HOME: folder } };
  return joinListings(await Promise.all([listIn(deps), listIn(colima)]));
}

/** Where colima keeps its Lima: https://github.com/abiosoft/colima/blob/main/config/files.go */
function colimaFolder({ COLIMA_HOME, HOME = '/', ...env }: Deps['env']): string {
  const old = join(HOME, '.colima');
  return join(COLIMA_HOME || (existsSync(old) ? old : join(configFolder(env, HOME), 'colima')), '_lima');
}

/** Reads `limactl list --json`: one object per line. */
export function parseLima(text: string, isOf: typeof wroteFile = wroteFile): readonly DiscoveredMachine[] {
  return machinesNamed(jsonObjects(text), 'name', (name, instance) => {
    const port = portOf(instance, 'sshLocalPort');
    const dir = textOf(instance, 'dir');
    const host = textOf(instance, 'sshAddress') ?? '127.0.0.1';
    // The driver is the machine's QEMU, or Lima's own process. Lima 0.13 calls it qemuPID.
    const pid = numberOf(instance, 'driverPID') ?? numberOf(instance, 'qemuPID');
    const pidFile = `${dir}/${textOf(instance, 'vmType') ?? 'qemu'}.pid`;
    return {
      name,
      target: `lima/${name}`,
      provider: lima.name,
      authority: authorityOf(),
      status: statusOf(instance.status),
      routes: routesTo([port === undefined ? undefined : hostAndPort(host, port)]),
      ...(pid !== undefined && isOf(pid, pidFile) ? { pid } : {}),
      user: textOf(objectAt(instance, 'config', 'user'), 'name'),
      // Next to the instances' folders; Lima 3 removes the field with this path.
      identityFile: dir === undefined ? undefined : join(dirname(dir), '_config/user'),
    };
  });
}

const statusOf = statusReader({ running: ['Running'], off: ['Stopped'] });

function numberOf(instance: JsonObject, field: string): number | undefined {
  const value = instance[field];
  return typeof value === 'number' && value > 0 ? value : undefined;
}
