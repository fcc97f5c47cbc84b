import { type Guid, parseGuid } from '../../address/guid.js';
import { portOfServiceId } from '../../address/service-id.js';
import { systemProgram } from '../../process/system-program.js';
import { DiscoveryError } from '../discovery-error.js';
import type { Deps } from '../provider.js';
import { type RunTool, runTool } from '../tools/run-tool.js';

/** A service that guests and host may speak to each other by, as Windows' registry has it. */
export interface HyperVService {
  readonly id: Guid;
  /** Its vsock port, if it is one of a Linux guest's. */
  readonly port: number | undefined;
  /** ElementName. */
  readonly name: string;
}

/** https://learn.microsoft.com/en-us/virtualization/hyper-v-on-windows/user-guide/make-integration-service */
export const servicesKey =
  'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Virtualization\\GuestCommunicationServices';

/** The arguments of reg.exe that register a service. */
export function registration(id: Guid, name: string): readonly string[] {
  return ['add', `${servicesKey}\\${id}`, '/v', 'ElementName', '/t', 'REG_SZ', '/d', name, '/f'];
}

/** The arguments of reg.exe that take it away. */
export function removal(id: Guid): readonly string[] {
  return ['delete', `${servicesKey}\\${id}`, '/f'];
}

/** The registered services; none where the key is not there. Throws a DiscoveryError. */
export async function listServices(deps: Deps, run: RunTool = runTool): Promise<readonly HyperVService[]> {
  try {
    return parseServices(await callReg(['query', servicesKey, '/s'], deps, run));
  } catch (error) {
    // Without Hyper-V there is no such key, and reg.exe says so in translated words.
    if (error instanceof DiscoveryError && error.code === 'FAILED') return [];
    throw error;
  }
}

/** Runs reg.exe. Throws a DiscoveryError. */
export function callReg(args: readonly string[], deps: Deps, run: RunTool = runTool): Promise<string> {
  return run(systemProgram('reg.exe', deps.env), args, deps);
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
