import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type Session } from 'ssh2';
import { fingerprintOf } from '../identity/known-hosts.js';
import { MemoryFiles, serveSftp } from './sftp.js';

export interface DemoServer {
  /** "SHA256:…" of its host key. */
  readonly fingerprint: string;
  /** The private key that it accepts, in OpenSSH's format, made only for this server. */
  readonly privateKey: string;
  /** The files copied to it. */
  readonly files: MemoryFiles;
  /** Closes all connections and removes the socket. */
  close(): Promise<void>;
}

/** Its only user. */
export const demoUser = 'demo';

/** An SSH server on a unix socket that runs no command and touches no file: answers come from a table, files are in memory. */
export async function startDemoServer(path: string): Promise<DemoServer> {
  const hostKeys = freshKeys();
  const userKeys = freshKeys();
  const files = new MemoryFiles();
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

function serve(client: Connection, userKey: ParsedKey, files: MemoryFiles): void {
  client.on('error', () => {}); // a client that disconnects is no error
  client.on('authentication', (context) => {
    if (isAllowed(context, userKey)) context.accept();
    else context.reject(['publickey']);
  });
  client.on('session', (accept) => serveSession(accept(), files));
}

/** Without a signature the client only asks whether the key would be accepted. */
function isAllowed(context: AuthContext, userKey: ParsedKey): boolean {
  if (context.method !== 'publickey' || context.username !== demoUser) return false;
  if (!isKey(context.key.data, userKey)) return false;
  const { blob, signature, hashAlgo } = context;
  if (!signature) return true;
  return blob !== undefined && userKey.verify(blob, signature, hashAlgo) === true;
}

function serveSession(session: Session, files: MemoryFiles): void {
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    const { stdout, stderr, exitCode } = answer(command);
    channel.stderr.write(stderr);
    channel.write(stdout);
    channel.exit(exitCode);
    channel.end();
  });
  session.on('sftp', (accept) => serveSftp(accept(), files));
}

export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** The host name of the demo's machine. */
export const hostname = 'vmssh-demo';

/** The answer to a client's command, only from this table: nothing is ever run. */
function answer(command: string): Answer {
  if (command === 'hostname') return { stdout: `${hostname}\n`, stderr: '', exitCode: 0 };
  const code = Number(/^exit (\d{1,3})$/.exec(command)?.[1] ?? Number.NaN);
  if (code <= 255) return { stdout: '', stderr: '', exitCode: code };
  return { stdout: '', stderr: `${hostname}: knows the commands "hostname" and "exit N"\n`, exitCode: 127 };
}

export interface Keys {
  /** An OpenSSH private key, as in a file. */
  readonly private: string;
  readonly public: ParsedKey;
}

/**
 * New Ed25519 keys. ssh2 1.17 strips the zero byte that one public key in 256 begins with, and so writes an unreadable
 * key: those are discarded.
 */
export function freshKeys(generate: () => { private: string } = ed25519): Keys {
  for (;;) {
    const { private: text } = generate();
    const parsed = ssh2.utils.parseKey(text);
    if (!(parsed instanceof Error)) return { private: text, public: parsed };
  }
}

function ed25519(): { private: string } {
  return ssh2.utils.generateKeyPairSync('ed25519');
}

/** Whether a client's blob is this public key. */
export function isKey(blob: Buffer, key: ParsedKey): boolean {
  const own = key.getPublicSSH();
  return own.length === blob.length && timingSafeEqual(own, blob);
}
