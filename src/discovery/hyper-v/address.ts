import { isIP } from 'node:net';
import type { Guid } from '../../address/guid.js';
import { systemProgram } from '../../process/system-program.js';
import type { Deps } from '../provider.js';
import { type RunTool, runTool } from '../tools/run-tool.js';

/**
 * The IP addresses that a Hyper-V guest reported to its host, IPv4 first; none if its integration services do not run.
 * Throws a DiscoveryError.
 */
export async function hyperVAddresses(
  id: Guid,
  deps: Deps,
  run: RunTool = runTool,
): Promise<readonly string[]> {
  const program = systemProgram('WindowsPowerShell/v1.0/powershell.exe', deps.env);
  const text = await run(program, ['-NoProfile', '-NonInteractive', '-Command', script(id)], deps);
  const addresses = text
    .split(/\s+/)
    .filter((word) => isIP(word) !== 0 && !/^(fe80:|169\.254\.)/i.test(word));
  return addresses.toSorted((a, b) => isIP(a) - isIP(b));
}

// An InstanceID is Microsoft:GuestNetwork\VMID\ADAPTERID. The id is a GUID, so it cannot inject a command.
function script(id: Guid): string {
  return [
    "$ErrorActionPreference = 'Stop'",
    "Get-CimInstance -Namespace 'root/virtualization/v2' -ClassName Msvm_GuestNetworkAdapterConfiguration",
    `Where-Object { $_.InstanceID -like '*${id}*' }`,
    'ForEach-Object { $_.IPAddresses }',
  ]
    .join(' | ')
    .replace(' | ', '; ');
}
