import { fstatSync } from 'node:fs';
import { readTextSync } from '../files/read-sync.js';
import { takesSocket } from './pass-fd.js';

/** As takesSocket, for those who pass one without the addon, which looks itself: a TCP socket takes no other one. */
export function takesUnixSocket(): boolean {
  return takesSocket() && !isTcp(1);
}

function isTcp(fd: number): boolean {
  const row = ` ${fstatSync(fd).ino} `;
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((path) => {
    try {
      return readTextSync(path).includes(row);
    } catch {
      return false;
    }
  });
}
