import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { quote } from '../errors.js';
import { userData } from '../guest/cloud-init.js';
import type { ScriptOptions } from '../guest/script.js';
import { imageTree, type TreeFile } from '../guest/tree.js';
import { type Distribution, layouts } from '../guest/units.js';
import { type Command, UsageError } from './command.js';
import {
  accountOption,
  distroOf,
  distroOption,
  generatorOption,
  hostsOption,
  hushOption,
  keyOption,
  portOption,
  scriptOptions,
} from './guest-options.js';
import { positionals } from './values.js';

export interface GuestCloudInitOptions {
  readonly script: ScriptOptions;
  readonly distro: Distribution;
  /** The folder to write files to; undefined: user-data to stdout. */
  readonly tree: string | undefined;
}

/** vmssh guest cloud-init: the set-up for a guest's first boot, or for an image. */
export const guestCloudInit: Command<GuestCloudInitOptions> = {
  name: 'guest cloud-init',
  summary: 'print cloud-init user-data that sets a guest up at its first boot, or write files for an image',
  usage: '',
  options: [
    {
      long: 'tree',
      value: 'DIR',
      summary: 'write user-data, meta-data and extra/ to this new or empty folder',
    },
    portOption,
    hostsOption,
    hushOption,
    keyOption,
    accountOption,
    generatorOption,
    distroOption,
  ],
  examples: [
    { line: 'vmssh guest cloud-init --key ~/.ssh/id_ed25519.pub > user-data', about: 'for any cloud image' },
    {
      line: 'vmssh guest cloud-init --key ~/.ssh/id_ed25519.pub --tree seed',
      about:
        'virt-install --cloud-init user-data=seed/user-data,meta-data=seed/meta-data; mkosi --extra-tree=seed/extra',
    },
  ],

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    const { tree } = raw.options;
    return {
      script: scriptOptions(raw),
      distro: distroOf(raw),
      tree: typeof tree === 'string' ? tree : undefined,
    };
  },

  async run({ script, distro, tree }, io) {
    if (tree === undefined) io.out(userData(script));
    else for (const path of writeTree(tree, imageTree(script, layouts[distro]))) io.out(`${path}\n`);
    return 0;
  },
};

/** Writes files that are not there yet; gives their paths. */
function writeTree(folder: string, files: readonly TreeFile[]): readonly string[] {
  return files.map((file) => {
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true, mode: path.endsWith('authorized_keys') ? 0o700 : 0o755 });
    try {
      if ('link' in file) symlinkSync(file.link, path);
      else writeFileSync(path, file.text, { mode: file.mode, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new UsageError(`${quote(path)} is there already, and is left alone: give a new folder`);
    }
    return path;
  });
}
