import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vmssh } from '../../helpers/run.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Copies the built program to a folder, without the addon. Returns how to call it on Node. */
export function installWithoutAddon(dir: string): readonly string[] {
  mkdirSync(join(dir, 'dist'));
  for (const name of readdirSync(join(root, 'dist')))
    if (/\.m?js(on)?$/.test(name)) cpSync(join(root, 'dist', name), join(dir, 'dist', name));
  mkdirSync(join(dir, 'node_modules/node-hvsock-native'), { recursive: true });
  for (const name of ['index.cjs', 'package.json']) {
    cpSync(join(root, 'native', name), join(dir, 'node_modules/node-hvsock-native', name));
  }
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== 'node-hvsock-native')
      symlinkSync(join(root, 'node_modules', name), join(dir, 'node_modules', name));
  }
  return vmssh.map((word) =>
    word.startsWith(join(root, 'dist')) ? join(dir, word.slice(root.length)) : word,
  );
}
