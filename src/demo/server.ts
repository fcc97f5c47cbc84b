import { once } from 'node:events';
import ssh2, { type AuthContext, type ParsedKey } from 'ssh2';
import { fingerprintOf } from '../ssh/known-hosts.js';

export interface DemoServer {
  /** "SHA256:…" of its host key. */
  readonly fingerprint: string;
  /** The private key that it accepts, in OpenSSH's format, made only for this server. */
  readonly privateKey: string;
  close(): void;
}

export const demoUser = 'demo';
export const hostname = 'vmssh-demo';

/** An SSH server on a unix socket that runs no command and touches no file: it only says its host name. */
export async function startDemoServer(path: string): Promise<DemoServer> {
  const hostKeys = freshKeys();
  const userKeys = freshKeys();
  const server = new ssh2.Server({ hostKeys: [hostKeys.private] }, (client) => {
    client.on('error', () => {}); // a client that disconnects is no error
    client.on('authentication', (context) => {
      if (isAllowed(context, userKeys.public)) context.accept();
      else context.reject(['publickey']);
    });
    client.on('session', (accept) => {
      accept().on('exec', (take, _reject, { command }) => {
        const channel = take();
        if (command === 'hostname') channel.write(`${hostname}\n`);
        else channel.stderr.write(`${hostname}: knows only the command "hostname"\n`);
        channel.exit(command === 'hostname' ? 0 : 127);
        channel.end();
      });
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    fingerprint: fingerprintOf(hostKeys.public.getPublicSSH()),
    privateKey: userKeys.private,
    close: () => void server.close(),
  };
}

/** Without a signature the client only asks whether the key would be accepted. */
function isAllowed(context: AuthContext, userKey: ParsedKey): boolean {
  if (context.method !== 'publickey' || context.username !== demoUser) return false;
  const { key, blob, signature, hashAlgo } = context;
  if (!key.data.equals(userKey.getPublicSSH())) return false;
  if (!signature) return true;
  return blob !== undefined && userKey.verify(blob, signature, hashAlgo) === true;
}

/** New Ed25519 keys. ssh2 1.17 strips a leading zero byte of the public key, one in 256: those are unreadable, and discarded. */
export function freshKeys() {
  for (;;) {
    const { private: text } = ssh2.utils.generateKeyPairSync('ed25519');
    const parsed = ssh2.utils.parseKey(text);
    if (!(parsed instanceof Error)) return { private: text, public: parsed };
  }
}
