import { type Deps, DiscoveryError, execAsRoot, type MachineFiles, type ReachedMachine } from '../source.js';
import { atService } from '../tools/exec-route.js';
import { getBytes } from '../tools/http-unix.js';
import { maxKeyText, printed, readInTurn } from '../tools/machine-files.js';
import { absent, dockerEngines, engineExec, isThere, podmanEngines, urlOf } from './engines.js';

/**
 * The files of a container, by what its manager copies out of it (`podman cp`, `docker cp`), in the daemon that has it. Not
 * by an exec of `cat`: a copy also works while it is stopped or paused, and nothing of the container runs, which could attack
 * the runtime that starts it (CVE-2019-5736, CVE-2024-21626). The copy can be attacked by links out of the container: Docker
 * since 19.03 and Podman since 4 change their root first (CVE-2018-15664, CVE-2019-14271), and of an older one nothing but
 * public keys is taken.
 */
export async function containerFiles(
  manager: 'podman' | 'docker',
  { containerId: id = '', containerUrl: url }: ReachedMachine,
  deps: Deps,
  uid: number | undefined,
): Promise<MachineFiles | undefined> {
  if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
  // Only those that list containers too, whoever wrote the record.
  const { own, others } = manager === 'docker' ? await dockerEngines(deps) : podmanEngines(deps, uid);
  // A user's own Podman mostly has no service.
  const isOwn = manager === 'podman' && (url === undefined || url === (own && urlOf(own)));
  const engine = isOwn ? own : others.find((engine) => urlOf(engine) === url);
  if (engine === undefined && !isOwn) return undefined;
  // A file of it, as an archive; empty if it is not there.
  const copyOf = async (path: string): Promise<Buffer> => {
    const api = manager === 'podman' ? '/v4.0.0/libpod' : '';
    const question = `${api}/containers/${id}/archive?path=${encodeURIComponent(path)}`;
    try {
      if (engine && (await isThere(engine.socket, uid)))
        return await getBytes(engine.socket, question, deps, maxArchive);
    } catch (error) {
      if (!(error instanceof DiscoveryError)) throw error;
      // The file is not there, cannot be copied, or is too long: the others may be well.
      if (['FAILED', 'PROTOCOL'].includes(error.code)) return Buffer.alloc(0);
      if (!absent.has(error.code)) throw error;
    }
    if (!isOwn) return Buffer.alloc(0);
    const copy = ['podman', ...atService('podman'), 'cp', '--', `${id}:${path}`, '-'];
    return Buffer.from(await printed(copy, deps, maxArchive), 'latin1');
  };
  return {
    asRoot: execAsRoot(engineExec(manager, id, url)),
    // Podman makes one copy at a time, by a process each.
    read: (paths, isEnough) =>
      readInTurn(paths, async (path) => firstFile(await copyOf(path))?.toString('latin1'), isEnough),
  };
}

const block = 512;

/** Of a file that is as long as all may be, with what an archive has around it. Bytes. */
const maxArchive = maxKeyText + 32 * block;

/** The content of the first file in an archive (tar(5)), which may have attributes before it; undefined if it begins with anything else, such as a link. */
export function firstFile(archive: Buffer): Buffer | undefined {
  for (let at = 0; at + block <= archive.length; ) {
    const [, digits = ''] = /^ *([0-7]+)[ \0]/.exec(archive.toString('latin1', at + 124, at + 136)) ?? [];
    const size = Number.parseInt(digits, 8);
    const type = archive.toString('latin1', at + 156, at + 157);
    const [start, end] = [at + block, at + block + size];
    if (!(end <= archive.length)) return undefined;
    if (type === '0' || type === '\0') return archive.subarray(start, end);
    // Attributes of the next one, by POSIX and GNU.
    if (!/^[xgLK]$/.test(type)) return undefined;
    at = start + Math.ceil(size / block) * block;
  }
  return undefined;
}
