import { completionScripts } from '../src/commands/completion/scripts.js';
import { commandsOn } from '../src/program/commands.js';
import { manPages } from '../src/program/man-page.js';
import { configText } from '../src/ssh/config/text.js';
import { version } from '../src/version.js';

/** What a package contains besides the program, made from the program's own sources. */
export const pages = manPages(commandsOn('linux'), 'linux');
export { completionScripts, configText, version };
