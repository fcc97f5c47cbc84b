import type { StartCommand } from '../../errors.js';

/**
 * How a container is started that systemd-machined forgot when it was turned off, if there is an image of it. Only root
 * sees the images.
 */
export function startImage(name: string, exists: (path: string) => boolean): StartCommand | undefined {
  // What systemd takes for a machine's name: nothing that leads out of the folder.
  if (!/^[a-z0-9_][\w.-]*$/i.test(name) || name.length > 64) return undefined;
  const isThere = [name, `${name}.raw`].some((each) => exists(`/var/lib/machines/${each}`));
  return isThere ? { machine: name, command: ['machinectl', 'start', name] } : undefined;
}
