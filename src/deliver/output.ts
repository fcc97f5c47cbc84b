import { closeSync, constants, openSync, readlinkSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { loadAddon } from '../base/native.js';
import { readTextIfAny } from '../files/read-sync.js';
import { isSocket } from './pass-fd.js';

/** Writes to stdout. A reader that is gone ends `outputGone`. */
export function out(text: string): void {
  if (!write(1, text)) outputEnd().abort();
}

/** Aborted once nobody reads stdout. */
export function outputGone(): AbortSignal {
  // A socket's peer may have closed only its writing side.
  if (!isSocket(1)) {
    const watch = loadAddon().addon?.watchHangup([1]).promise;
    watch?.then(() => outputEnd().abort()).catch(() => {});
  }
  return outputEnd().signal;
}

/** A login needs none, and Node loads the class for it. */
let output: AbortController | undefined;

function outputEnd(): AbortController {
  output ??= new AbortController();
  return output;
}

/** Writes to stderr, as a proxy to that of its ssh. A message that stderr cannot take is dropped. */
export function printError(text: string, parent: number): void {
  const ofSsh = process.argv[2] === 'proxy' ? openStderrOfSsh(parent) : undefined;
  try {
    // If nobody reads there, ssh must not wait for this process.
    if (ofSsh !== undefined) writeSync(ofSsh, Buffer.from(text));
    else write(2, text);
  } catch {}
  // A relay that lasts must not hold it.
  if (ofSsh !== undefined) closeSync(ofSsh);
}

/**
 * The stderr of the ssh that started this proxy, if it gave the proxy none; undefined: there is none to write to. With ControlPersist ssh gives
 * its proxy /dev/null, since the proxy may outlive it. Not of a parent that is no ssh: what gives /dev/null wants no messages.
 */
function openStderrOfSsh(parent: number): number | undefined {
  // Another process is the parent of one whose ssh has ended. Only Linux has a /proc that the kernel makes.
  if (process.platform !== 'linux' || process.ppid !== parent) return undefined;
  const folder = `/proc/${parent}`;
  try {
    // Root may open what another user's process could not, such as a third user's terminal.
    if (!readTextIfAny(`${folder}/status`).includes(`\nUid:\t${process.getuid?.()}\t`)) return undefined;
    if (!isSsh(readlinkSync(`${folder}/exe`))) return undefined;
    // ssh opens it for reading, too. `2> /dev/null` in a ProxyCommand does not: the user wants no messages.
    const isFromSsh = /^flags:\s+\d*2$/m.test(readTextIfAny('/proc/self/fdinfo/2'));
    if (!isFromSsh || readlinkSync('/proc/self/fd/2') !== '/dev/null') return undefined;
    // In a file ssh would write over it.
    if (!/^(?:\/dev\/(?:pts\/|tty)|pipe:)/.test(readlinkSync(`${folder}/fd/2`))) return undefined;
    return openSync(`${folder}/fd/2`, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** By the name of its file: "ssh", "ssh-9.2", or "ssh (deleted)" after an upgrade. */
function isSsh(exe: string): boolean {
  return /^ssh(?:-?\d[\w.-]*)?(?: \(deleted\))?$/.test(basename(exe));
}

/** Writes the whole text now, retrying on a full pipe; false if the reader is gone. */
function write(fd: number, text: string): boolean {
  let bytes: Uint8Array = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw error;
    }
  }
  return true;
}
