import { posix } from 'node:path';
import ssh2, { type Attributes, type SFTPWrapper } from 'ssh2';

const { OPEN_MODE: flag, STATUS_CODE: status } = ssh2.utils.sftp;

/** The largest answer to a READ, as OpenSSH requests it. Bytes. */
const chunk = 32 * 1024;
const times = { uid: 0, gid: 0, atime: 0, mtime: 0 };

/** Serves files in memory over SFTP: what scp and ssh2 need to copy a file. ssh2 refuses all other requests. */
export function serveSftp(sftp: SFTPWrapper, files: MemoryFiles): void {
  const open = new Map<number, { readonly file: MemoryFile; readonly flags: number }>();
  let last = 0;
  const find = (handle: Buffer) => (handle.length === 4 ? open.get(handle.readUInt32BE()) : undefined);

  sftp.on('OPEN', (id, path, flags) => {
    const file = openFile(files, path, flags);
    if (typeof file === 'number') return sftp.status(id, file);
    last += 1;
    open.set(last, { file, flags });
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(last);
    sftp.handle(id, handle);
  });
  sftp.on('CLOSE', (id, handle) => {
    const known = find(handle) !== undefined && open.delete(handle.readUInt32BE());
    sftp.status(id, known ? status.OK : status.FAILURE);
  });
  sftp.on('READ', (id, handle, offset, length) => {
    const opened = find(handle);
    if (!opened || !(opened.flags & flag.READ)) return sftp.status(id, status.FAILURE);
    const data = opened.file.read(offset, Math.min(length, chunk));
    if (data.length === 0) sftp.status(id, status.EOF);
    else sftp.data(id, data);
  });
  sftp.on('WRITE', (id, handle, offset, data) => {
    const opened = find(handle);
    const written =
      opened !== undefined && (opened.flags & flag.WRITE) !== 0 && opened.file.write(offset, data);
    sftp.status(id, written ? status.OK : status.FAILURE);
  });
  sftp.on('FSTAT', (id, handle) => {
    const opened = find(handle);
    if (opened) sftp.attrs(id, attributes(opened.file));
    else sftp.status(id, status.FAILURE);
  });
  const stat = (id: number, path: string) => {
    const file = files.find(path);
    if (file || files.absolute(path) === '/') sftp.attrs(id, attributes(file));
    else sftp.status(id, status.NO_SUCH_FILE);
  };
  sftp.on('STAT', stat);
  sftp.on('LSTAT', stat);
  sftp.on('SETSTAT', (id, path) => sftp.status(id, files.find(path) ? status.OK : status.NO_SUCH_FILE));
  sftp.on('FSETSTAT', (id, handle) => sftp.status(id, find(handle) ? status.OK : status.FAILURE));
  sftp.on('REALPATH', (id, path) => {
    const filename = files.absolute(path);
    sftp.name(id, [{ filename, longname: filename, attrs: attributes(files.find(path)) }]);
  });
  sftp.on('end', () => hangUp(sftp));
}

/**
 * Ends as sftp-server does: scp waits for exit status 0, which ssh2's SFTP has no public method to send, so this uses
 * its internals.
 */
function hangUp(sftp: SFTPWrapper): void {
  const { _protocol: protocol, outgoing } = sftp as unknown as SftpInsides;
  if (outgoing.state === 'open') protocol.exitStatus(outgoing.id, 0);
  sftp.end();
}

interface SftpInsides {
  readonly _protocol: { exitStatus(channel: number, status: number): void };
  readonly outgoing: { readonly id: number; readonly state: string };
}

/** The file, or the status that says why there is none. */
function openFile(files: MemoryFiles, path: string, flags: number): MemoryFile | number {
  const found = files.find(path);
  if (!found) return (flags & flag.CREAT && files.create(path)) || status.NO_SUCH_FILE;
  if (flags & flag.EXCL) return status.FAILURE;
  if (flags & flag.TRUNC) found.truncate();
  return found;
}

/** Of a file, or of the one folder. */
function attributes(file: MemoryFile | undefined): Attributes {
  return file ? { ...times, mode: 0o100644, size: file.size } : { ...times, mode: 0o40755, size: 0 };
}

/** More than the demo ever copies, so that a stray client cannot fill the memory. Bytes per file. */
const longest = 16 * 1024 * 1024;

/** One folder, "/", with files in memory. */
export class MemoryFiles {
  readonly #files = new Map<string, MemoryFile>();

  /** The absolute form of a path; a relative one starts at "/", and nothing leads above it. */
  absolute(path: string): string {
    return posix.resolve('/', path);
  }

  find(path: string): MemoryFile | undefined {
    return this.#files.get(this.absolute(path));
  }

  /** A new, empty file; undefined if the path is not directly in "/". */
  create(path: string): MemoryFile | undefined {
    const absolute = this.absolute(path);
    if (absolute === '/' || posix.dirname(absolute) !== '/') return undefined;
    const file = new MemoryFile();
    this.#files.set(absolute, file);
    return file;
  }
}

export class MemoryFile {
  #bytes = Buffer.alloc(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** At most `length` bytes from `offset` on; none at the end. */
  read(offset: number, length: number): Buffer {
    return this.#bytes.subarray(Math.min(offset, this.#size), Math.min(offset + length, this.#size));
  }

  /** False if the file would become too long; a gap reads as zeros. */
  write(offset: number, data: Uint8Array): boolean {
    const end = offset + data.length;
    if (end > longest) return false;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, Math.min(longest, 2 * this.#bytes.length)));
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
    }
    this.#bytes.set(data, offset);
    this.#size = Math.max(this.#size, end);
    return true;
  }

  truncate(): void {
    this.#bytes = Buffer.alloc(0);
    this.#size = 0;
  }
}
