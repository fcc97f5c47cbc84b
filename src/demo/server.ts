import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { posix } from 'node:path';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type SFTPWrapper } from 'ssh2';
import { fingerprintOf } from '../identity/known-hosts.js';

const { OPEN_MODE: flag, STATUS_CODE: status } = ssh2.utils.sftp;

/** The files copied to the server, in memory: all are in the one folder "/". */
type Files = Map<string, Buffer>;

export interface DemoServer {
  /** "SHA256:…" of its host key. */
  readonly fingerprint: string;
  /** The private key that it accepts, in OpenSSH's format, made only for this server. */
  readonly privateKey: string;
  readonly files: ReadonlyMap<string, Buffer>;
  /** Closes all connections and removes the socket. */
  close(): Promise<void>;
}

/** Its only user, and its host name. */
export const demoUser = 'demo';
export const hostname = 'vmssh-demo';

/** An SSH server on a unix socket that runs no command and touches no file: answers come from a table, files are in memory. */
export async function startDemoServer(path: string): Promise<DemoServer> {
  const hostKeys = freshKeys();
  const userKeys = freshKeys();
  const files: Files = new Map();
  const ssh = new ssh2.Server({ hostKeys: [hostKeys.private] }, (client) => {
    serve(client, userKeys.public, files);
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    ssh.injectSocket(socket);
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    fingerprint: fingerprintOf(hostKeys.public.getPublicSSH()),
    privateKey: userKeys.private,
    files,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function serve(client: Connection, userKey: ParsedKey, files: Files): void {
  client.on('error', () => {}); // a client that disconnects is no error
  client.on('authentication', (context) => {
    if (isAllowed(context, userKey)) context.accept();
    else context.reject(['publickey']);
  });
  client.on('session', (accept) => {
    const session = accept();
    session.on('exec', (take, _reject, { command }) => {
      const channel = take();
      const { stdout = '', stderr = '', exitCode } = answer(command);
      channel.stderr.write(stderr);
      channel.write(stdout);
      channel.exit(exitCode);
      channel.end();
    });
    session.on('sftp', (take) => serveSftp(take(), files));
  });
}

/** Without a signature the client only asks whether the key would be accepted. */
function isAllowed(context: AuthContext, userKey: ParsedKey): boolean {
  if (context.method !== 'publickey' || context.username !== demoUser) return false;
  if (!isKey(context.key.data, userKey)) return false;
  const { blob, signature, hashAlgo } = context;
  if (!signature) return true;
  return blob !== undefined && userKey.verify(blob, signature, hashAlgo) === true;
}

/** The answer to a client's command, only from this table: nothing is ever run. */
function answer(command: string): { stdout?: string; stderr?: string; exitCode: number } {
  if (command === 'hostname') return { stdout: `${hostname}\n`, exitCode: 0 };
  const code = Number(/^exit (\d{1,3})$/.exec(command)?.[1] ?? Number.NaN);
  if (code <= 255) return { exitCode: code };
  return { stderr: `${hostname}: knows the commands "hostname" and "exit N"\n`, exitCode: 127 };
}

/** The largest answer to a READ, as OpenSSH requests it. Bytes. */
const chunk = 32 * 1024;

/** More than the demo ever copies, so that a stray client cannot fill the memory. Bytes per file. */
const longest = 2 * 1024 * 1024;

/** What scp and ssh2 need to copy a file; ssh2 refuses all other requests. A handle is what was asked for and the file's name. */
function serveSftp(sftp: SFTPWrapper, files: Files): void {
  const nameOf = (path: string) => posix.resolve('/', path);
  const opened = (handle: Buffer) => files.get(handle.toString().slice(1));
  const say = (id: number, isDone: boolean, failure: number = status.FAILURE) =>
    sftp.status(id, isDone ? status.OK : failure);
  const attributes = (file: Buffer | undefined) => {
    const mode = file ? 0o100644 : 0o40755;
    return { uid: 0, gid: 0, atime: 0, mtime: 0, mode, size: file?.length ?? 0 };
  };
  const stat = (id: number, path: string) => {
    const name = nameOf(path);
    if (files.has(name) || name === '/') sftp.attrs(id, attributes(files.get(name)));
    else sftp.status(id, status.NO_SUCH_FILE);
  };

  sftp.on('OPEN', (id, path, flags) => {
    const name = nameOf(path);
    const isThere = files.has(name);
    const isNew = (flags & flag.CREAT) !== 0 && /^\/[^/]{1,99}$/.test(name);
    if (!isThere && !isNew) return sftp.status(id, status.NO_SUCH_FILE);
    if (isThere && flags & flag.EXCL) return sftp.status(id, status.FAILURE);
    if (!isThere || flags & flag.TRUNC) files.set(name, Buffer.alloc(0));
    sftp.handle(id, Buffer.from(`${flags & flag.WRITE ? 'w' : 'r'}${name}`));
  });
  sftp.on('CLOSE', (id, handle) => say(id, opened(handle) !== undefined));
  sftp.on('READ', (id, handle, offset, length) => {
    const data = opened(handle)?.subarray(offset, offset + Math.min(length, chunk));
    if (data?.length) sftp.data(id, data);
    else sftp.status(id, data ? status.EOF : status.FAILURE);
  });
  sftp.on('WRITE', (id, handle, offset, data) => {
    const file = opened(handle);
    // Both clients write from the start to the end.
    const isNext = file?.length === offset && offset + data.length <= longest && handle[0] === 0x77;
    if (isNext) files.set(handle.toString().slice(1), Buffer.concat([file, data]));
    say(id, isNext);
  });
  sftp.on('FSTAT', (id, handle) => {
    const file = opened(handle);
    if (file) sftp.attrs(id, attributes(file));
    else say(id, false);
  });
  sftp.on('STAT', stat);
  sftp.on('LSTAT', stat);
  sftp.on('SETSTAT', (id, path) => say(id, files.has(nameOf(path)), status.NO_SUCH_FILE));
  sftp.on('FSETSTAT', (id, handle) => say(id, opened(handle) !== undefined));
  sftp.on('REALPATH', (id, path) => {
    const filename = nameOf(path);
    sftp.name(id, [{ filename, longname: filename, attrs: attributes(files.get(filename)) }]);
  });
  sftp.on('end', () => hangUp(sftp));
}

/** Ends as sftp-server does: scp waits for exit status 0, which only ssh2's internals can send for SFTP. */
function hangUp(sftp: SFTPWrapper): void {
  const { _protocol: protocol, outgoing } = sftp as unknown as SftpInsides;
  if (outgoing.state === 'open') protocol.exitStatus(outgoing.id, 0);
  sftp.end();
}

interface SftpInsides {
  readonly _protocol: { exitStatus(channel: number, status: number): void };
  readonly outgoing: { readonly id: number; readonly state: string };
}

export interface Keys {
  /** An OpenSSH private key, as in a file. */
  readonly private: string;
  readonly public: ParsedKey;
}

/** New Ed25519 keys. ssh2 1.17 strips a leading zero byte of the public key, one in 256: those are unreadable, and discarded. */
export function freshKeys(
  generate: () => { private: string } = () => ssh2.utils.generateKeyPairSync('ed25519'),
): Keys {
  for (;;) {
    const { private: text } = generate();
    const parsed = ssh2.utils.parseKey(text);
    if (!(parsed instanceof Error)) return { private: text, public: parsed };
  }
}

/** Whether a client's blob is this public key. */
export function isKey(blob: Buffer, key: ParsedKey): boolean {
  const own = key.getPublicSSH();
  return own.length === blob.length && timingSafeEqual(own, blob);
}
