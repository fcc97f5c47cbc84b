/** @import { Plugin } from 'rolldown' */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A plugin of rolldown and Vite: `import text from './x.sh'` is the text of a script, also of a '.py', with the scripts that it names
 * by `. ./y.sh` in their places. Their paths are relative to its own folder.
 * @returns {Plugin & { name: string }}
 */
export function shellText() {
  return {
    name: 'shell-text',
    load(id) {
      if (!/\.(sh|py)$/.test(id)) return undefined;
      const text = shellScript(id, (part) => this.addWatchFile(part));
      return { code: `export default ${JSON.stringify(text)};\n`, moduleType: 'js' };
    },
  };
}

/**
 * The text of a script; `onPart` is called with each file that it includes.
 * @param {string} file
 * @param {(part: string) => void} onPart
 * @returns {string}
 */
function shellScript(file, onPart) {
  return readFileSync(file, 'utf8').replaceAll(/^\. (\.\/\S+\.sh)$/gm, (_line, name) => {
    const part = join(dirname(file), name);
    onPart(part);
    return shellScript(part, onPart).trimEnd();
  });
}
