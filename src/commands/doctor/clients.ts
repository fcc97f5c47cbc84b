import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readText } from '../../files/read-file.js';
import { type NotInEffect, otherFile } from '../../hosts/in-effect.js';
import { type ConfigFiles, configFiles } from '../../hosts/places.js';
import type { Io } from '../../process/io.js';
import { isAbsoluteFolder } from '../../process/program-in-path.js';
import { ownerOf } from '../../ssh/config/file.js';
import { expandedPath } from '../../ssh/config/settings.js';
import { sshFolder } from '../../ssh/folder.js';
import { finding, type HostCheck } from './finding.js';

/** Of the programs that read ssh's configuration themselves those that this user has: what they do not read of it. */
export async function clientChecks(
  io: Io,
  files: ConfigFiles = configFiles({ system: false }, io),
): Promise<readonly HostCheck[]> {
  const home = dirname(sshFolder(io.env, io.platform));
  const used = clients.filter(({ traces }) => traces.some((path) => existsSync(join(home, path))));
  const rows = used.map(({ name, reads }) => finding(name, 'none', reads));
  const own = ownerOf(await textOf(files.own)) === 'ours' ? await ownFiles(home, files, io) : [];
  return [
    ...rows,
    ...own.map(({ problem, about, fix }) =>
      finding('VS Code', 'bad', { found: problem, report: about }, fix),
    ),
  ];
}

/** Programs that read ssh's configuration themselves, their traces in the home, and what they do not read of it (docs/clients.md has the sources). */
const clients = [
  {
    name: 'VS Code',
    traces: ['.vscode', '.vscode-server', '.cursor'],
    reads:
      'it lists Hosts of a file that is included above the first Host; targets such as vsock/3 are typed',
  },
  {
    name: 'VSCodium',
    traces: ['.vscode-oss', '.vscodium-server'],
    reads: 'Open Remote - SSH lists Hosts of a file that is included, and the proxy relays for it',
  },
  {
    name: 'JetBrains',
    traces: ['.config/JetBrains', '.cache/JetBrains', 'AppData/Roaming/JetBrains'],
    reads: 'up to 2022.1 its own parser reads no Include; later versions ask ssh -G',
  },
] as const;

/** The files that VS Code and its kin read in place of ~/.ssh/config, by a setting of theirs, and that lack our lines. */
async function ownFiles(home: string, files: ConfigFiles, io: Io): Promise<readonly NotInEffect[]> {
  const paths = settingsFolders.flatMap((folder) =>
    editors.map((name) => join(home, folder, name, 'User/settings.json')),
  );
  const found = await Promise.all(
    paths.map(async (path) => {
      const [, set = ''] =
        /^\s*"remote\.SSH\.configFile"\s*:\s*"([^"]+)"/m.exec((await textOf(path)) ?? '') ?? [];
      const file = expandedPath(set.replaceAll('\\\\', '\\'), dirname(files.own), io.env);
      return isAbsoluteFolder(file, io.platform)
        ? otherFile(file, files, io, `remote.SSH.configFile in ${path}`)
        : undefined;
    }),
  );
  return found.filter((each) => each !== undefined);
}

const settingsFolders = ['.config', 'AppData/Roaming', 'Library/Application Support'];
const editors = ['Code', 'Code - Insiders', 'VSCodium', 'Cursor', 'Windsurf'];

function textOf(path: string): Promise<string | undefined> {
  return readText(path).catch(() => undefined);
}
