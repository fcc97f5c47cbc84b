import { join } from 'node:path';
import { type Command, UsageError } from '../../cli/command.js';
import { guestPortOption } from '../../cli/guest.js';
import { positionals, textOption } from '../../cli/option.js';
import { quote } from '../../errors.js';
import { type NewEntry, writeNewTree } from '../../files/new-tree.js';
import { FileRefusal } from '../../files/place.js';
import { hasRootKeys, imageTree, userData } from '../../guest/cloud-init.js';
import type { ScriptOptions } from '../../guest/script.js';
import { type Distribution, layouts } from '../../guest/units.js';
import {
  accountOption,
  defaultDistribution,
  distroOption,
  generatorOption,
  hostsOption,
  hushOption,
  keyOption,
  scriptOptions,
} from './options.js';

export interface GuestCloudInitOptions {
  readonly script: ScriptOptions;
  readonly distro: Distribution;
  /** The folder for the files; undefined: user-data to stdout. */
  readonly tree: string | undefined;
}

const treeOption = textOption({
  long: 'tree',
  value: 'DIR',
  summary: 'write user-data, meta-data and extra/ to this new or empty folder',
});

/** vmssh guest cloud-init: the set-up for a guest's first boot, or for an image. */
export const guestCloudInit: Command<GuestCloudInitOptions> = {
  name: 'guest cloud-init',
  summary: 'print cloud-init user-data that sets a guest up at its first boot, or write files for an image',
  usage: '',
  options: [
    treeOption,
    guestPortOption,
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
    return {
      script: scriptOptions(raw),
      distro: distroOption.read(raw) ?? defaultDistribution,
      tree: treeOption.read(raw),
    };
  },

  async run({ script, distro, tree }, io) {
    if (tree === undefined) {
      io.out(userData(script));
      return 0;
    }
    const paths = await writeTree(tree, imageTree(script, layouts[distro]), io.platform);
    io.out(paths.map((path) => `${path}\n`).join(''));
    if (script.keys?.length && !hasRootKeys(script))
      io.err(
        `${io.program}: extra/ has no keys: only the script in user-data finds the home of ${script.account}\n`,
      );
    return 0;
  },
};

/** Writes files into a new folder. Returns their paths. */
async function writeTree(
  folder: string,
  entries: readonly NewEntry[],
  platform: NodeJS.Platform,
): Promise<readonly string[]> {
  try {
    await writeNewTree(folder, entries, platform);
  } catch (error) {
    if (!(error instanceof FileRefusal)) throw error;
    throw new UsageError(`${quote(folder)} is not used: ${error.message}`, 'give --tree a new folder');
  }
  return entries.filter((entry) => !('folderMode' in entry)).map(({ path }) => join(folder, path));
}
