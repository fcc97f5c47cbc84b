import * as files from 'engine:files';
import { type Stats, writeAll } from '../../files.js';
import * as fs from '../fs.js';

/** Local files do not block for long: these call the synchronous functions, and reject if those throw. */
function later<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => Promise<R> {
  return async (...args) => work(...args);
}

export const access = later(fs.accessSync);
export const lstat = later(fs.lstatSync);
export const mkdtemp = later(fs.mkdtempSync);
export const readdir = later(fs.readdirSync);
export const readlink = later(fs.readlinkSync);
export const realpath = later(fs.realpathSync);
export const rename = later(fs.renameSync);
export const rm = later(fs.rmSync);
export const rmdir = later(fs.rmdirSync);
export const stat = later(fs.statSync);
export const symlink = later(fs.symlinkSync);
export const writeFile = later(fs.writeFileSync);

export async function mkdir(path: string, options?: fs.MakeFolderOptions | number): Promise<unknown> {
  return fs.mkdirSync(path, options);
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

  async stat(): Promise<Stats> {
    return fs.fstatSync(this.fd);
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
