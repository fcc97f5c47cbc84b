import { systemProgram } from '../../process/system-program.js';
import { DiscoveryError } from '../discovery-error.js';
import type { Deps } from '../provider.js';
import { isJsonObject, parseJson } from '../tools/json.js';
import { type RunTool, runTool } from '../tools/run-tool.js';

/** A row of Msvm_ComputerSystem; one of them is the host itself. */
export interface HyperVRow {
  readonly id: string;
  readonly name: string;
  readonly state: number;
}

/** Asks WMI through PowerShell: slower, but without COM. Throws a DiscoveryError. */
export async function askPowerShell(deps: Deps, run: RunTool = runTool): Promise<readonly HyperVRow[]> {
  const program = systemProgram('WindowsPowerShell/v1.0/powershell.exe', deps.env);
  return parseRows(await run(program, [...flags, script], deps));
}

const flags = ['-NoProfile', '-NonInteractive', '-Command'];

// -InputObject keeps a list a list, so that no machine gives "[]". Windows PowerShell has no -AsArray.
const script = [
  "$ErrorActionPreference = 'Stop'",
  // For messages; Constrained Language Mode allows neither.
  'try { [Console]::OutputEncoding = [Text.Encoding]::UTF8 } catch { }',
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
  if (isJsonObject(value) && Array.isArray(value.value)) value = value.value;
  return (Array.isArray(value) ? value : [value]).map((row) => {
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
  return new DiscoveryError('PROTOCOL', `powershell.exe printed ${what}`);
}
