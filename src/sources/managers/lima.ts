import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { quoteNames } from '../../base/errors.js';
import { programInPath } from '../../process/program-in-path.js';
import { wroteFile } from '../processes/process-paths.js';
import { routesTo } from '../routes.js';
import type { Deps, DiscoveredMachine, Listing, Source } from '../source.js';
import { joinListings, nothing, statusReader, warned } from '../source.js';
import { operand } from '../start-command.js';
import { type JsonObject, objectAt, portOf, textOf } from '../tools/json.js';
import type { RunTool } from '../tools/run-tool.js';
import { hostAndPort, jsonObjects, listByUsersTool, machinesNamed, runTool } from '../tools/run-tool.js';
import { authorityOf, configFolder, withToolFolders } from '../trusted-path.js';

/** Lima's instances, whose SSH servers are on TCP ports of this host. */
export const lima: Source = {
  name: 'lima',
  title: 'Lima',
  programs: ['limactl'],
  listCommand: 'limactl list',
  list: (deps) => listLima(deps),
  start({ name: machine, identityFile }, env) {
    const folder = identityFile === undefined ? ownFolder(env) : dirname(dirname(identityFile));
    const profile = machine.replace(/^colima-?/, '') || 'default';
    if (folder === colimaFolder(env)) return { machine, command: ['colima', 'start', ...operand(profile)] };
    return { machine, command: [...limactlFor(folder, env), 'start', ...operand(machine)] };
  },
  // By an ssh of its own to the port of this host that its process holds while the machine runs.
  async files({ name }, deps) {
    const { filesByExec, isPlainName } = await import('../tools/machine-files.js');
    const { exists = existsSync, env } = deps;
    const [folder, ...more] = foldersOf(deps).filter((each) => exists(join(each, name)));
    if (folder === undefined || more.length > 0 || !isPlainName(name)) return undefined;
    const exec = [...limactlFor(folder, env), 'shell', '--workdir=/', name];
    return filesByExec(exec, deps, [...exec, 'sudo', '-n']);
  },
};

/** The default folder of limactl may have others of the same names. */
function limactlFor(folder: string, env: Deps['env']): readonly string[] {
  return folder === ownFolder(env) ? ['limactl'] : ['env', `LIMA_HOME=${folder}`, 'limactl'];
}

function ownFolder({ LIMA_HOME, HOME = '/' }: Deps['env']): string {
  return LIMA_HOME || join(HOME, '.lima');
}

/** Lima's folder, and those of colima and Rancher Desktop that are there, unless LIMA_HOME names the only one. */
function foldersOf(deps: Deps): readonly string[] {
  const { env, exists = existsSync } = deps;
  const others = [colimaFolder(env), rancherFolder(deps)].filter((each) => exists(each));
  return [ownFolder(env), ...(env.LIMA_HOME ? [] : others)];
}

/** Colima's and Rancher Desktop's instances too: they are Lima's, in folders of their own. */
export async function listLima(
  deps: Deps,
  run: RunTool = runTool,
  uid = process.getuid?.(),
): Promise<Listing> {
  const listIn = async (folder: string): Promise<Listing> => {
    const own = { ...deps, env: { ...deps.env, LIMA_HOME: folder } };
    const list = ['limactl', 'list', '--json'];
    const listing = await listByUsersTool(uid, lima.name, list, parseLima, own, run);
    return listing.found.length > 0 ? listing : joinListings([listing, withoutTool(folder, deps, uid === 0)]);
  };
  return joinListings(await Promise.all(foldersOf(deps).map(listIn)));
}

/** A warning if an instance runs in such a folder, and the program that knows its login is missing, or is not for this user, who is root in a namespace of `podman unshare`. */
function withoutTool(folder: string, { env, platform }: Deps, isRoot: boolean): Listing {
  const pidFiles = ['ha.pid', 'qemu.pid', 'vz.pid'];
  const isOpen = existsSync(`${folder}/.`);
  const isMissing = programInPath('limactl', withToolFolders(env, platform)) === undefined;
  if (!isOpen || !(isMissing || isRoot)) return nothing;
  const runs = (name: string) => pidFiles.some((file) => existsSync(join(folder, name, file)));
  const running = readdirSync(folder).filter(runs);
  if (running.length === 0) return nothing;
  const problem = `limactl ${isMissing ? 'is not in PATH' : 'does not run as root'}, which knows the login of ${quoteNames(running, ', ')} in ${folder}`;
  return warned(lima.name, 'NOT_LISTED', problem);
}

function rancherFolder({ env, platform }: Deps): string {
  const { HOME = '/', XDG_DATA_HOME: data = join(HOME, '.local/share') } = env;
  const base = platform === 'darwin' ? join(HOME, 'Library/Application Support') : data;
  return join(base, 'rancher-desktop/lima');
}

/** Where colima keeps its Lima: https://github.com/abiosoft/colima/blob/main/config/files.go */
function colimaFolder({ COLIMA_HOME, HOME = '/', ...env }: Deps['env']): string {
  const old = join(HOME, '.colima');
  return join(COLIMA_HOME || (existsSync(old) ? old : join(configFolder(env, HOME), 'colima')), '_lima');
}

export function parseLima(text: string): readonly DiscoveredMachine[] {
  return machinesNamed(jsonObjects(text), 'name', (name, instance) => {
    // A broken one keeps the port, which another one may have by now.
    const port = instance.status === 'Broken' ? undefined : portOf(instance, 'sshLocalPort');
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
      ...(pid !== undefined && wroteFile(pid, pidFile) ? { pid } : {}),
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
