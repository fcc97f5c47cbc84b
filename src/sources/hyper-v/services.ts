import { systemProgram } from '../../process/program-in-path.js';
import { type Guid, parseGuid, portOfServiceId } from '../../typed/numbers.js';
import { type Deps, DiscoveryError } from '../source.js';
import { type RunTool, runTool } from '../tools/run-tool.js';

/** A Hyper-V socket service in Windows' registry, by which host and guests can talk. */
export interface HyperVService {
  readonly id: Guid;
  /** The vsock port, if the service is that of a Linux guest. */
  readonly port: number | undefined;
  readonly name: string;
}

/** https://learn.microsoft.com/en-us/virtualization/hyper-v-on-windows/user-guide/make-integration-service */
export const servicesKey =
  'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Virtualization\\GuestCommunicationServices';

function keyOf(id: Guid): string {
  return `${servicesKey}\\${id}`;
}

/** Arguments for reg.exe. */
export function registration(id: Guid, name: string): readonly string[] {
  return ['add', keyOf(id), '/v', 'ElementName', '/t', 'REG_SZ', '/d', name, '/f'];
}

export function removal(id: Guid): readonly string[] {
  return ['delete', keyOf(id), '/f'];
}

/** The registered services; none without the key. Throws a DiscoveryError. */
export async function listServices(deps: Deps, run: RunTool = runTool): Promise<readonly HyperVService[]> {
  try {
    return parseServices(await callReg(['query', servicesKey, '/s'], deps, run));
  } catch (error) {
    // Without Hyper-V the key is missing, and reg.exe's message is translated.
    if (error instanceof DiscoveryError && error.code === 'FAILED') return [];
    throw error;
  }
}

/** Whether a vsock port is registered; undefined if the registry cannot be read. */
export async function isRegistered(
  port: number,
  { env }: Deps,
  list = listServices,
): Promise<boolean | undefined> {
  try {
    return (await list({ env })).some((service) => service.port === port);
  } catch (error) {
    if (error instanceof DiscoveryError) return undefined;
    throw error;
  }
}

/** Runs reg.exe, for half a minute at most. Throws a DiscoveryError. */
export function callReg(args: readonly string[], deps: Deps, run: RunTool = runTool): Promise<string> {
  return run(systemProgram('reg.exe', deps.env), args, { ...deps, timeoutMs: deps.timeoutMs ?? 30_000 });
}

/** Reads `reg query KEY /s`: each key on a line of its own, its values indented below it. */
export function parseServices(text: string): readonly HyperVService[] {
  const services: HyperVService[] = [];
  let id: Guid | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\S/.test(line)) id = parseGuid(line.slice(line.lastIndexOf('\\') + 1).trim());
    const [, name] = /^\s+ElementName\s+REG_(?:EXPAND_)?SZ\s*(.*)$/i.exec(line) ?? [];
    if (id && name !== undefined) services.push({ id, port: portOfServiceId(id), name });
  }
  return services;
}
