import { fstatSync } from 'node:fs';
import type { Addon, Handle } from 'node-hvsock-native';

/** Whether the descriptor is a socket, as ssh's ProxyUseFdpass gives it. */
export function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}

/** Hands the open socket to ssh by SCM_RIGHTS over `fd` (unix(7)); after that, ssh speaks to the machine by itself. */
export function passFd(addon: Addon, handle: Handle, fd = 1): void {
  addon.sendFd(fd, handle);
}
