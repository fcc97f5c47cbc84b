import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ParsedKey } from 'ssh2';
import { fingerprintOf } from '../identity/known-hosts.js';

export interface DemoServer {
  /** "SHA256:…" of its host key. */
  readonly fingerprint: string;
  /** The private key that it accepts, in OpenSSH's format, made only for this server. */
  readonly privateKey: string;
  /** Closes all connections and removes the socket. */
  close(): Promise<void>;
}

/** The server's only user, and its host name. */
export const demoUser = 'demo';
export const hostname = 'vmssh-demo';

/** An SSH server on a unix socket that runs no command and touches no file: answers come from a table. */
export async function startDemoServer(path: string): Promise<DemoServer> {
  const hostKeys = freshKeys();
  const userKeys = freshKeys();
  const ssh = new ssh2.Server({ hostKeys: [hostKeys.private] }, (client) => {
    serve(client, userKeys.public);
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
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function serve(client: Connection, userKey: ParsedKey): void {
  client.on('error', () => {}); // a client that disconnects is no error
  client.on('authentication', (context) => {
    if (isAllowed(context, userKey)) context.accept();
    else context.reject(['publickey']);
  });
  client.on('session', (accept) => {
    accept().on('exec', (take, _reject, { command }) => {
      const channel = take();
      const { stdout = '', stderr = '', exitCode } = answer(command);
      channel.stderr.write(stderr);
      channel.write(stdout);
      channel.exit(exitCode);
      channel.end();
    });
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
