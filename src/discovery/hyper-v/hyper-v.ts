import { type Guid, parseGuid } from '../../address/guid.js';
import { type AddonState, loadAddon } from '../../native.js';
import { DiscoveryError } from '../discovery-error.js';
import type { Deps, Status } from '../provider.js';
import { type Rights, rightsHint } from './hints.js';
import { askPowerShell, type HyperVRow } from './powershell.js';

/** A Hyper-V virtual machine. */
export interface HyperVMachine {
  readonly id: Guid;
  /** Neither unique nor case-sensitive. */
  readonly name: string;
  readonly status: Status;
}

/** The sources to ask; a parameter, for tests. */
export interface HyperVSources {
  readonly native: () => AddonState;
  readonly powershell: (deps: Deps) => Promise<readonly HyperVRow[]>;
}

const sources: HyperVSources = { native: loadAddon, powershell: (deps) => askPowerShell(deps) };

/**
 * The Hyper-V machines of this Windows. Throws a DiscoveryError: NO_HYPERV, NO_RIGHTS, or the errors of both WMI and
 * PowerShell.
 */
export async function listHyperV(
  deps: Deps,
  from: HyperVSources = sources,
): Promise<readonly HyperVMachine[]> {
  const { addon } = from.native();
  const rows = addon ? await askWmi(addon, deps, from) : await from.powershell(deps);
  const machines = rows.flatMap(toMachine);
  if (machines.length === 0 && addon) {
    // Without rights WMI returns an empty list and no error.
    const rights = addon.hyperVRights();
    if (!rights.elevated && !rights.hyperVAdministrator) throw noRights(deps, rights);
  }
  return machines;
}

async function askWmi(
  addon: NonNullable<AddonState['addon']>,
  deps: Deps,
  from: HyperVSources,
): Promise<readonly HyperVRow[]> {
  const pending = addon.hyperVMachines(deps.timeoutMs ?? defaultTimeoutMs);
  const cancel = () => pending.cancel();
  deps.signal?.addEventListener('abort', cancel);
  try {
    deps.signal?.throwIfAborted();
    return await pending.promise;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'ECANCELED') deps.signal?.throwIfAborted();
    if (code === 'ECANCELED' || code === 'ETIMEDOUT')
      throw new DiscoveryError('TIMEOUT', 'WMI gave no answer in time');
    if (code === 'EMSGSIZE')
      throw new DiscoveryError('PROTOCOL', 'WMI lists more than 10000 machines, or 4 million characters');
    if (absent.has(code))
      throw new DiscoveryError('NO_HYPERV', 'Hyper-V is not enabled on this Windows', {
        hint: 'enable it and restart: optionalfeatures',
      });
    if (denied.has(code)) throw noRights(deps, addon.hyperVRights());
    try {
      return await from.powershell(deps);
    } catch (other) {
      const more = other instanceof Error ? other.message : String(other);
      throw new DiscoveryError(code || 'EIO', `WMI failed: ${message}; and ${more}`, { cause: error });
    }
  } finally {
    deps.signal?.removeEventListener('abort', cancel);
  }
}

const defaultTimeoutMs = 10_000;
const absent: ReadonlySet<string> = new Set(['WBEM_E_INVALID_NAMESPACE', 'WBEM_E_INVALID_CLASS']);
const denied: ReadonlySet<string> = new Set(['WBEM_E_ACCESS_DENIED', 'E_ACCESSDENIED']);

function noRights({ env }: Deps, rights: Rights): DiscoveryError {
  const who = rights.elevated || rights.hyperVAdministrator ? 'not to this user' : 'only to administrators';
  const problem = `Windows shows its Hyper-V machines ${who}`;
  return new DiscoveryError('NO_RIGHTS', problem, { hint: rightsHint(env, rights) });
}

// The host's Name is not a GUID; its Caption would show it too, but is translated.
function toMachine({ id, name, state }: HyperVRow): readonly HyperVMachine[] {
  const guid = parseGuid(id);
  return guid ? [{ id: guid, name, status: statuses.get(state) ?? 'unknown' }] : [];
}

/** EnabledState of https://learn.microsoft.com/en-us/windows/win32/hyperv_v2/msvm-computersystem */
const statuses: ReadonlyMap<number, Status> = new Map([
  [2, 'running'],
  [3, 'off'],
  [4, 'stopping'],
  [6, 'saved'],
  [9, 'paused'],
  [10, 'starting'],
  [32768, 'paused'],
  [32769, 'saved'],
  [32770, 'starting'],
  [32773, 'stopping'], // saving
  [32774, 'stopping'],
  [32776, 'paused'], // pausing
  [32777, 'starting'], // resuming
]);
