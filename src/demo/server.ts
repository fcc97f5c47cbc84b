import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type Session } from 'ssh2';
import { answer } from './answers.js';
import { fingerprint, freshKeys, isKey } from './keys.js';
import { MemoryFiles } from './memory-files.js';
import { serveSftp } from './sftp.js';

export interface DemoServer {
  /** "SHA256:…" of its host key. */
  readonly fingerprint: string;
  /** The private key that it lets in, in OpenSSH's form: made for this server alone. */
  readonly privateKey: string;
  /** What was copied to it. */
  readonly files: MemoryFiles;
  /** Hangs up on everybody and removes the socket. */
  close(): Promise<void>;
}

/** The one user that it knows. */
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
    fingerprint: fingerprint(hostKeys.public.getPublicSSH()),
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
  client.on('error', () => {}); // a client that hangs up is none of our trouble
  client.on('authentication', (context) => {
    if (isAllowed(context, userKey)) context.accept();
    else context.reject(['publickey']);
  });
  client.on('session', (accept) => serveSession(accept(), files));
}

/** Without a signature the client only asks whether the key would do. */
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
