import * as files from 'engine:files';
import * as paths from 'engine:paths';
import { type Stats, writeAll } from '../../files.js';
import { knownOptions } from '../../known-options.js';
import * as fs from '../fs.js';

/** Local files do not block for long: these call the synchronous functions, and reject if those throw. */
function later<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => Promise<R> {
  return async (...args) => work(...args);
}

export const access = later(fs.accessSync);
export const mkdtemp = later(fs.mkdtempSync);
export const readlink = later(fs.readlinkSync);
export const realpath = later(fs.realpathSync);
export const rename = later(fs.renameSync);
export const rm = later(fs.rmSync);
export const rmdir = later(fs.rmdirSync);
export const stat = later(fs.statSync);
export const symlink = later(fs.symlinkSync);
export const writeFile = later(fs.writeFileSync);

export interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mtimeNs: bigint;
}

function identity([dev, ino, mtimeNs]: readonly [bigint, bigint, bigint]): Identity {
  return { dev, ino, mtimeNs };
}

export function lstat(path: string): Promise<Stats>;
export function lstat(path: string, options: { readonly bigint: true }): Promise<Identity>;
export async function lstat(path: string, options?: { readonly bigint: true }): Promise<Stats | Identity> {
  if (options) knownOptions('lstat', options, ['bigint']);
  return options ? identity(paths.lstatIdentity(path)) : fs.lstatSync(path);
}

export async function mkdir(path: string, options?: fs.MakeFolderOptions | number): Promise<unknown> {
  return fs.mkdirSync(path, options);
}

export function readdir(path: string): Promise<string[]>;
export function readdir(path: string, options: { readonly withFileTypes: true }): Promise<fs.Dirent[]>;
export async function readdir(
  path: string,
  options?: { readonly withFileTypes: true },
): Promise<string[] | fs.Dirent[]> {
  return options ? fs.readdirSync(path, options) : fs.readdirSync(path);
}

export async function open(path: string, flags: string | number = 'r', mode?: number): Promise<FileHandle> {
  return new DescriptorHandle(fs.openSync(path, flags, mode));
}

export type FileHandle = Pick<DescriptorHandle, keyof DescriptorHandle>;

class DescriptorHandle {
  readonly fd: number;
  #open = true;

  constructor(descriptor: number) {
    this.fd = descriptor;
  }

  async read<Into extends Uint8Array>(into: Into): Promise<{ bytesRead: number; buffer: Into }> {
    return { bytesRead: fs.readSync(this.fd, into), buffer: into };
  }

  async writeFile(data: string | Uint8Array): Promise<void> {
    writeAll(this.fd, typeof data === 'string' ? Buffer.from(data) : data);
  }

  stat(): Promise<Stats>;
  stat(options: { readonly bigint: true }): Promise<Identity>;
  async stat(options?: { readonly bigint: true }): Promise<Stats | Identity> {
    if (options) knownOptions('stat', options, ['bigint']);
    return options ? identity(files.fstatIdentity(this.fd)) : fs.fstatSync(this.fd);
  }

  async chmod(mode: number): Promise<void> {
    files.fchmod(this.fd, mode);
  }

  async chown(owner: number, group: number): Promise<void> {
    files.fchown(this.fd, owner, group);
  }

  async sync(): Promise<void> {
    files.fsync(this.fd);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    files.close(this.fd);
  }
}
