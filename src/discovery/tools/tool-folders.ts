import { delimiter } from 'node:path';
import type { Deps } from '../provider.js';

/** Where Homebrew (on both sorts of Macs), Podman's installer and MacPorts put programs. */
const onMac: readonly string[] = ['/opt/homebrew/bin', '/usr/local/bin', '/opt/podman/bin', '/opt/local/bin'];

/** The environment in which tools are looked up. A program that was not started from a shell has none of these folders in PATH on a Mac. */
export function withToolFolders(env: Deps['env'], platform: NodeJS.Platform = process.platform): Deps['env'] {
  if (platform !== 'darwin') return env;
  const folders = (env.PATH ?? '/usr/bin:/bin:/usr/sbin:/sbin').split(delimiter);
  return { ...env, PATH: [...new Set([...folders, ...onMac])].join(delimiter) };
}
