import type { ChalkInstance } from 'chalk';
import { ConnectError, printable } from '../errors.js';
import type { ProgressLine } from '../guest/progress.js';
import type { ScriptOutcome } from '../guest/run-script.js';
import { sudoAsks } from '../guest/sudo.js';
import type { Way } from '../guest/ways.js';
import type { Caller } from './called-as.js';
import { pasteable } from './words.js';

/** A line of a guest's script for people. */
export function formatProgress(
  { state, step, words }: ProgressLine,
  style: ChalkInstance,
  io: Caller,
): string {
  const text = printable(words);
  switch (state) {
    case 'ok':
      return `  ${style.green('✓')} ${step.padEnd(14)} ${text}\n`;
    case 'changed':
      return `  ${style.cyan('+')} ${step.padEnd(14)} ${text}\n`;
    case 'skipped':
      return `  ${style.dim('-')} ${step.padEnd(14)} ${style.dim(text)}\n`;
    case 'failed':
      return `  ${style.red('✗')} ${step.padEnd(14)} ${text}\n`;
    case 'cure':
      return `    ${style.dim('cure:')} ${printable(pasteable(words, io))}\n`;
    case 'end':
      return '';
  }
}

/** Why a script did not come to its end in the guest: the way did not carry it. */
export function notRun(host: string, way: Way, { words }: ScriptOutcome): ConnectError {
  const [program = ''] = way.command;
  const problem = `the script did not run there: ${words || `${program} said nothing`}`;
  return new ConnectError('connect', host, { code: 'NOT_RUN', problem, hint: hintFor(way, words) });
}

function hintFor(way: Way, words: string): string {
  if (/sudo.*(not found|No such file)/.test(words)) {
    return 'there is no sudo: log in as root, or put vmssh guest script into a file there and run it by su';
  }
  if (sudoAsks(words)) {
    return 'sudo wants a password: run this in a terminal, where it can be typed; or log in as root; or put vmssh guest script into a file there and run it with sudo';
  }
  if (/incorrect (password|authentication)|not in the sudoers|not allowed to (execute|run)/.test(words)) {
    return 'sudo lets this account do nothing as root with what was typed: log in as root, or as one that may';
  }
  if (/ENOENT/.test(words)) return `the program ${way.command[0]} is not installed here`;
  if (way.name === 'machinectl')
    return 'see machinectl list; machinectl shell works for containers, not for VMs';
  if (way.name === 'wsl') return 'see wsl.exe --list --verbose';
  return 'see whether this route works by itself; --ssh-config FILE gives ssh a configuration, --route another route';
}
