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
  // Constrained Language Mode allows neither; names are then in the console's own encoding.
  'try { [Console]::OutputEncoding = [Text.Encoding]::UTF8 } catch { }',
  "$rows = @(Get-CimInstance -Namespace 'root/virtualization/v2' -ClassName Msvm_ComputerSystem | Select-Object Name, ElementName, EnabledState)",
  'ConvertTo-Json -Compress -InputObject $rows',
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
    return { id, name: typeof name === 'string' ? name : id, state: Number(state) };
  });
}

function unreadable(what: string): DiscoveryError {
  return new DiscoveryError('PROTOCOL', `powershell.exe printed ${what}`);
}
