/** @import { Plugin } from 'rolldown' */
import { readFileSync } from 'node:fs';

/**
 * A plugin of rolldown and Vite: `import text from './x.sh'` is the text of a script, also of a '.py' or '.md', with the scripts that it names
 * by `. ./y.sh` in their places. Their paths are relative to its own folder. Each of them is a module, so that a bundle has it once.
 * @returns {Plugin & { name: string }}
 */
export function shellText() {
  return {
    name: 'shell-text',
    load(id) {
      if (!/\.(sh|py|md)$/.test(id)) return undefined;
      return { code: moduleOf(readFileSync(id, 'utf8')), moduleType: 'js' };
    },
  };
}

/** @param {string} script */
function moduleOf(script) {
  const [first = '', ...rest] = script.split(/^\. (\.\/\S+\.sh)$/m);
  /** @type {string[]} */
  const imports = [];
  const texts = [JSON.stringify(first)];
  // In turn the name of a part, and the text after it.
  for (let at = 0; at < rest.length; at += 2) {
    imports.push(`import part${at} from ${JSON.stringify(rest[at])};\n`);
    texts.push(`part${at}.trimEnd()`, JSON.stringify(rest[at + 1]));
  }
  return `${imports.join('')}export default ${texts.join(' + ')};\n`;
}
