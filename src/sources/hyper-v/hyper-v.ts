import { isIP } from 'node:net';
import type { StartCommand } from '../../base/errors.js';
import { type AddonState, loadAddon } from '../../base/native.js';
import { type Guid, parseGuid } from '../../typed/numbers.js';
import { shellQuoted } from '../../typed/shell.js';
import { type Deps, DiscoveryError, type MachineState, statusReader } from '../source.js';
import { guestsOnly } from '../tools/guest-addresses.js';
import { isJsonObject, objectAt, parseJson } from '../tools/json.js';
import { powershell, type RunTool, runTool } from '../tools/run-tool.js';

/** A Hyper-V virtual machine. Its name is neither unique nor case-sensitive. */
export interface HyperVMachine extends MachineState {
  readonly id: Guid;
}

const sources = { native: loadAddon, powershell: (deps: Deps) => askPowerShell(deps) };

export type HyperVSources = typeof sources;

/** The machines of this Windows. Throws a DiscoveryError: NO_HYPERV, NO_RIGHTS, or the errors of both WMI and PowerShell. */
export async function listHyperV(deps: Deps, from = sources): Promise<readonly HyperVMachine[]> {
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
      throw new DiscoveryError('TIMEOUT', 'WMI did not answer in time');
    if (code === 'EMSGSIZE')
      throw finalError('PROTOCOL', 'WMI lists more than 10000 machines, or 4 million characters');
    const enable = 'enable it and restart: optionalfeatures';
    if (absent.has(code)) throw finalError('NO_HYPERV', 'Hyper-V is not enabled on this Windows', enable);
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
  return finalError('NO_RIGHTS', `Windows shows its Hyper-V machines ${who}`, rightsHint(env, rights));
}

function finalError(code: string, problem: string, hint?: string): DiscoveryError {
  return new DiscoveryError(code, problem, { hint, final: true });
}

// The host's Name is not a GUID; its Caption would show it too, but is translated.
function toMachine({ id, name, state }: HyperVRow): readonly HyperVMachine[] {
  const guid = parseGuid(id);
  return guid ? [{ id: guid, name, status: statusOf(state) }] : [];
}

/** EnabledState of https://learn.microsoft.com/en-us/windows/win32/hyperv_v2/msvm-computersystem */
const statusOf = statusReader({
  running: [2],
  off: [3],
  // 32773: saving.
  stopping: [4, 32773, 32774],
  saved: [6, 32769],
  // 32776: pausing.
  paused: [9, 32768, 32776],
  // 32777: resuming.
  starting: [10, 32770, 32777],
});

/** What a guest's integration services reported to its host, IPv4 first, without the host's own. Throws a DiscoveryError. */
export async function hyperVAddresses(id: Guid, deps: Deps, run = runTool): Promise<readonly string[]> {
  const text = await run(...powershell(addressScript(id), deps.env), deps);
  const words = text.split(/\s+/);
  const ours = words.filter((word) => word.startsWith(own)).map((word) => word.slice(own.length));
  const names = await guestsOnly((isGuests) => words.filter(isGuests), deps, run, ours);
  return names.toSorted((a, b) => isIP(a) - isIP(b));
}

// An InstanceID is Microsoft:GuestNetwork\VMID\ADAPTERID. The id is a GUID, so it cannot inject a command.
function addressScript(id: Guid): string {
  const ofWindows = [
    '[Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()',
    'ForEach-Object { $_.GetIPProperties().UnicastAddresses }',
    `ForEach-Object { '${own}' + $_.Address.IPAddressToString }`,
  ];
  const ofGuest = [
    "Get-CimInstance -Namespace 'root/virtualization/v2' -ClassName Msvm_GuestNetworkAdapterConfiguration",
    `Where-Object { $_.InstanceID -like '*${id}*' }`,
    'ForEach-Object { $_.IPAddresses }',
  ];
  return ["$ErrorActionPreference = 'Stop'", ofWindows.join(' | '), ofGuest.join(' | ')].join('; ');
}

/** Stands before each address of this Windows. */
const own = 'own=';

/** By its id, also as typed: Start-VM reads a name as a pattern, and several machines may have it. */
export function startHyperV(
  { name, status, uuid }: MachineState & { readonly uuid: Guid },
  env: Deps['env'],
): StartCommand {
  const verb = status === 'paused' ? 'Resume-VM' : 'Start-VM';
  const line = `Get-VM -Id ${uuid} | ${verb}`;
  // What each shell reads alike.
  const hvc = status !== 'paused' && /^\w[\w. -]*$/.test(name) ? `, or hvc start "${name}"` : '';
  return {
    machine: name,
    command: powershell(`$ErrorActionPreference = 'Stop'; ${line}`, env).flat(),
    typed: `${line} in PowerShell${hvc}`,
  };
}

/** A row of Msvm_ComputerSystem; one of them is the host itself. */
interface HyperVRow {
  readonly id: string;
  readonly name: string;
  readonly state: number;
}

/** Asks WMI through PowerShell: slower, but without COM. Throws a DiscoveryError. */
export async function askPowerShell(deps: Deps, run: RunTool = runTool): Promise<readonly HyperVRow[]> {
  return parseRows(await run(...powershell(script, deps.env), deps));
}

// -InputObject keeps a list a list, so that no machine gives "[]". Windows PowerShell has no -AsArray.
const script = [
  "$ErrorActionPreference = 'Stop'",
  // Names as numbers: whatever the encoding of the console, they arrive.
  "$name = @{ Name = 'ElementName'; Expression = { [int[]][char[]]$_.ElementName } }",
  "$rows = @(Get-CimInstance -Namespace 'root/virtualization/v2' -ClassName Msvm_ComputerSystem | Select-Object Name, $name, EnabledState)",
  'ConvertTo-Json -Compress -Depth 4 -InputObject $rows',
].join('; ');

/** Reads its JSON: a list, a single object, or a list wrapped as { value, Count }. Throws a DiscoveryError PROTOCOL. */
export function parseRows(text: string): readonly HyperVRow[] {
  const json = text.replace(/^\ufeff/, '').trim();
  // From a stub or a blocking policy: not an empty list.
  if (json === '') throw unreadable('nothing');
  let value: unknown;
  try {
    value = parseJson(json);
  } catch (error) {
    throw unreadable((error as Error).message);
  }
  const list = objectAt(value).value ?? value;
  return (Array.isArray(list) ? list : [value]).map((row) => {
    if (!isJsonObject(row) || typeof row.Name !== 'string')
      throw unreadable(JSON.stringify(row).slice(0, 80));
    const { Name: id, ElementName: name, EnabledState: state } = row;
    return { id, name: nameOf(name) ?? id, state: Number(state) };
  });
}

// PowerShell makes one number of a list of one. Undefined: there is no name.
function nameOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const codes = typeof value === 'number' ? [value] : value;
  if (!Array.isArray(codes) || codes.length === 0 || !codes.every(isCode)) return undefined;
  return codes.map((code: number) => String.fromCharCode(code)).join('');
}

function isCode(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff;
}

function unreadable(what: string): DiscoveryError {
  return finalError('PROTOCOL', `powershell.exe printed ${what}`);
}

type Env = Deps['env'];

export interface Rights {
  readonly elevated: boolean;
  readonly hyperVAdministrator: boolean;
}

/** What this user can do to see machines, and what is left if Windows refuses in spite of all rights. */
export function rightsHint(env: Env, { elevated, hyperVAdministrator }: Rights): string {
  if (hyperVAdministrator)
    return 'this user is in Hyper-V Administrators already: see whether the service vmms runs: sc query vmms';
  return elevated
    ? `join Hyper-V Administrators (${joinLine(env)}; then sign out and in again): that this terminal is elevated does not help here`
    : `join Hyper-V Administrators (in an elevated PowerShell: ${joinLine(env)}; then sign out and in again), or use an elevated terminal`;
}

/** The group's name is translated, its id is not; and an elevated terminal may be another user's, so it names this one. */
function joinLine({ USERDOMAIN: domain, USERNAME: user }: Env): string {
  const member = user ? shellQuoted(domain ? `${domain}\\${user}` : user, 'pwsh') : 'YOUR-NAME';
  return `Add-LocalGroupMember -SID S-1-5-32-578 -Member ${member}`;
}
