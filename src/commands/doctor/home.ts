import { randomBytes } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { placeOf } from '../../files/place.js';
import { reasonOf } from '../../files/read-sync.js';
import type { Here } from '../../runtime.js';
import { goneFolder, ownHome, sshFolder } from '../../ssh/folder.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';
import { finding, type HostCheck, said } from './finding.js';

/** Why neither ssh nor vmssh can keep anything in this user's home; nothing if they can. */
export async function homeChecks(io: Here): Promise<readonly HostCheck[]> {
  const folder = sshFolder(io.env, io.platform);
  const home = dirname(folder);
  const quoted = (path: string) => shellQuoted(path, shellOf(io));
  const bad = (what: ReturnType<typeof said>, fix: string) => [finding('home', 'bad', what, fix)];
  const { HOME } = io.env;
  // After sudo -E.
  if (HOME && !ownHome(io.env).HOME)
    return bad(
      said`HOME is ${HOME}, and others than root may change what is there: as root, vmssh and ssh use ${home}`,
      "leave sudo out; or for root's own: sudo -H",
    );
  if (!(await isThere(home)))
    return bad(
      said`${home} is not there: no key and no Host can be kept`,
      `make it, or set HOME to your home`,
    );
  const own = await stat(folder).catch(() => undefined);
  if (own && !own.isDirectory()) {
    const aside = `mv -i ${quoted(folder)} ${quoted(`${folder}.file`)}`;
    return bad(said`${folder} is a file, where a folder has to be`, aside);
  }
  const [problem, fix = ''] = goneFolder(folder)?.split(': ') ?? [];
  if (problem) return bad(said`${problem}`, fix);
  const path = own ? folder : home;
  const error = await tryToWrite(path);
  const look = error && looks[error.code ?? ''];
  return look
    ? bad(said`nothing can be written to ${path}: ${reasonOf(error)}`, `${look} ${quoted(path)}`)
    : [];
}

/** What shows the cause, by the error's code. Others, such as a limit of open files, are not the home's. */
const looks: Readonly<Record<string, string>> = {
  ...{ EACCES: 'ls -ld', EPERM: 'ls -ld', EROFS: 'findmnt -T' },
  ...{ ENOSPC: 'df -h', EDQUOT: 'quota; du -sh' },
};

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  );
}

/** A quota and a full disk show only so. */
async function tryToWrite(folder: string): Promise<NodeJS.ErrnoException | undefined> {
  const place = await placeOf(join(folder, `.vmssh.conf.${randomBytes(6).toString('hex')}`)).catch(
    () => undefined,
  );
  if (place === undefined) return undefined;
  const path = place.folder.at(place.name);
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile('\n'.repeat(4096)).finally(() => file.close());
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    await rm(path, { force: true }).catch(() => {});
    await place.folder.close();
  }
}
