import { systemProgram } from '../../process/program-in-path.js';
import type { Deps } from '../source.js';

/** A call of Windows PowerShell: the program and its arguments. The script never holds a text of others. */
export function powershell(
  script: string,
  env: Deps['env'],
): readonly [program: string, args: readonly string[]] {
  const program = systemProgram('WindowsPowerShell/v1.0/powershell.exe', env);
  return [program, ['-NoProfile', '-NonInteractive', '-Command', `${utf8}; ${script}`]];
}

/** Also for errors; Constrained Language Mode does not allow it. */
const utf8 = 'try { [Console]::OutputEncoding = [Text.Encoding]::UTF8 } catch { }';
