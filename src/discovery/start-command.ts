import type { Shell } from '../address/shell.js';
import { shellLine } from '../address/shell-word.js';
import type { StartCommand } from '../errors.js';

/** A machine's name as the last operand of its manager's command: not even "-f" is read as an option. */
export function operand(name: string): readonly string[] {
  return name.startsWith('-') ? ['--', name] : [name];
}

/** What a person types to start a machine. */
export function typedStart({ command, typed }: StartCommand, shell: Shell): string {
  return typed ?? shellLine(command, shell);
}
