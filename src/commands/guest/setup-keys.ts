import { join } from 'node:path';
import { readKeys } from '../../cli/guest.js';
import { fingerprintOf } from '../../identity/known-hosts.js';
import type { Io } from '../../process/io.js';
import { runProgram } from '../../process/run-program.js';
import { sshFolder } from '../../ssh/folder.js';
import { ownKeyFile, sshSettings } from '../../ssh/login-key.js';
import type { OwnKey } from './setup-step.js';

/** The first of the keys that ssh would try for the host; undefined if there is none. */
export async function firstOwnKey(host: string, io: Io, signal: AbortSignal): Promise<OwnKey | undefined> {
  const folder = sshFolder(io.env, io.platform);
  const settings = await sshSettings({ host, signal }, io);
  for (const [, path = ''] of settings.matchAll(/^identityfile (.+)$/gm)) {
    const private_ = path.startsWith('~/.ssh/') ? join(folder, path.slice('~/.ssh/'.length)) : path;
    try {
      return await keyIn(`${private_}.pub`);
    } catch (error) {
      // There is no such file, or none with a key.
      if (!(error instanceof RangeError)) throw error;
    }
    // ssh needs none if the private key has no passphrase.
    const identityFile = await ownKeyFile(private_);
    const command = ['ssh-keygen', '-y', '-P', '', '-f', private_];
    const line = identityFile && (await printedKey(command, io, signal));
    if (line) return { line, identityFile, from: private_ };
  }
  const line = await printedKey(['ssh-add', '-L'], io, signal);
  return line ? { line, from: 'your ssh-agent' } : undefined;
}

/** The first public key that a program prints; undefined if it prints none. */
async function printedKey(command: readonly string[], { env }: Io, signal: AbortSignal) {
  const printed = await runProgram(command, { env, signal, timeoutMs: 5000 }).catch(() => undefined);
  const line = printed?.code === 0 ? printed.stdout.split('\n')[0]?.trim() : undefined;
  return line && isKeyLine.test(line) ? line : undefined;
}

/** As ssh-add and ssh-keygen print it. */
const isKeyLine = /^(?:ssh-|ecdsa-|sk-)[\w@.-]+ [A-Za-z0-9+/]+={0,2}(?: \P{Cc}*)?$/u;

/** The key in a file, which is read at once. Rejects with a RangeError. */
export async function keyIn(file: string): Promise<OwnKey> {
  const [line = ''] = readKeys(file);
  const identityFile = await ownKeyFile(file.replace(/\.pub$/, ''));
  return { line, from: file, identityFile: identityFile === file ? undefined : identityFile };
}

/** What lets a key in if it is typed on a machine's console; with `listens` systemd 256 and later listen then. Undefined for a key with options. */
export function onConsole(line: string, listens: boolean, user = 'root'): string | undefined {
  const [key] = /^(?:ssh-|ecdsa-|sk-)[\w@.-]+ AAAA[A-Za-z0-9+/]+={0,2}(?= |$)/.exec(line) ?? [];
  if (key === undefined) return undefined;
  const sudo = user === 'root' ? '' : 'sudo ';
  const listen = [`${sudo}systemctl daemon-reload`, `${sudo}systemctl start sshd-vsock.socket`];
  const type = [`mkdir -pm700 ~/.ssh`, `echo '${key}' >>~/.ssh/authorized_keys`, ...(listens ? listen : [])];
  return `type on its console, as ${user}: ${type.join('; ')}`;
}

/** A public key's fingerprint, "SHA256:…". */
export function printOfLine(line: string): string {
  const [, base64 = ''] = /(?:^|\s)(AAAA[A-Za-z0-9+/]+={0,2})/.exec(line) ?? [];
  return fingerprintOf(Buffer.from(base64, 'base64'));
}
