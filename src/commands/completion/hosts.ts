import { join } from 'node:path';
import type { Io } from '../../cli/command.js';
import { readText } from '../../files/read-file.js';
import { hostNames } from '../../ssh/config/hosts.js';
import { includedTexts } from '../../ssh/config/settings.js';
import { sshFolder } from '../../ssh/folder.js';

/** The hosts of the user's own ssh configuration, without the machines that vmssh wrote, in lower case. */
export async function configuredHosts({
  env,
  platform,
}: Pick<Io, 'env' | 'platform'>): Promise<readonly string[]> {
  const folder = sshFolder(env, platform);
  const main = await readText(join(folder, 'config')).catch(() => '');
  const texts = [main, ...(await includedTexts(main, folder, join(folder, 'vmssh.conf'), env))];
  return texts.flatMap((text) => [...hostNames(text)]);
}
