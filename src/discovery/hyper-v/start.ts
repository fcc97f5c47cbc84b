import type { Guid } from '../../address/guid.js';
import { offered } from '../../address/shell-word.js';
import type { StartCommand } from '../../errors.js';
import { systemProgram } from '../../process/system-program.js';
import type { Deps, DiscoveredMachine } from '../provider.js';

/** By its id, since Start-VM reads a name as a pattern, and several machines may have it. */
export function startHyperV(
  { name, status, uuid }: Pick<DiscoveredMachine, 'name' | 'status'> & { readonly uuid: Guid },
  env: Deps['env'],
): StartCommand {
  const verb = status === 'paused' ? 'Resume-VM' : 'Start-VM';
  const program = systemProgram('WindowsPowerShell/v1.0/powershell.exe', env);
  const script = `$ErrorActionPreference = 'Stop'; Get-VM -Id ${uuid} | ${verb}`;
  const quoted = offered(name, 'powershell');
  const hvc = status === 'paused' ? '' : `, or hvc start ${quoted}`;
  return {
    machine: name,
    command: [program, '-NoProfile', '-NonInteractive', '-Command', script],
    typed: `${verb} ${quoted} in PowerShell${hvc}`,
  };
}
