import { version } from '../../src/base/version.js';
import { completionScripts } from '../../src/commands/completion/scripts.js';
import { configText } from '../../src/hosts/text.js';
import { commandsOn } from '../../src/program/commands.js';
import { manPages } from './page.js';

/** The man pages of the commands that Linux has, from the program's own sources. `date`: of the sources, as "2026-11-24". */
export function linuxPages(date: string) {
  return manPages(commandsOn('linux'), 'linux', date);
}
export { completionScripts, configText, version };
