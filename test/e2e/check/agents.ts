import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { begin, run, until } from '../../helpers/run.js';

export type AgentKind = 'hangs' | 'is empty' | 'refuses' | 'signs nothing' | 'breaks';

/** An ssh-agent at `path` that has one public key, and never signs. `hangs`: it reads, and does not answer. */
export async function startAgent(path: string, kind: AgentKind, publicKey: string): Promise<void> {
  const blob = Buffer.from(readFileSync(publicKey, 'utf8').split(' ')[1] ?? '', 'base64');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 5 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
        const type = bytes[4];
        bytes = bytes.subarray(4 + bytes.readUInt32BE(0));
        const answer = answerTo(type, kind, blob);
        if (answer) socket.write(framed(answer));
      }
    });
  });
  await once(server.listen(path), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}

/** A real ssh-agent at `path` with this key alone. */
export async function startRealAgent(path: string, key: string): Promise<void> {
  const child = begin(['ssh-agent', '-D', '-a', path]);
  onTestFinished(() => void child.kill());
  await until(child.stdout, 'SSH_AUTH_SOCK');
  await run(['ssh-add', '-q', key], { env: { ...process.env, SSH_AUTH_SOCK: path } });
}

/** The same behind a socket that says how many signatures were asked for since the last question. */
export async function agentWith(key: string, dir: string) {
  const [agent, socket] = [join(dir, 'agent'), join(dir, 'counted')];
  await startRealAgent(agent, key);
  return { socket, signatures: await countSignatures(socket, agent) };
}

async function countSignatures(path: string, agent: string): Promise<() => number> {
  let signatures = 0;
  const server = createServer((client) => {
    const there = connect(agent).on('error', () => {});
    client.on('error', () => {}).on('close', () => there.destroy());
    there.on('data', (chunk) => client.write(chunk)).on('close', () => client.destroy());
    let bytes = Buffer.alloc(0);
    client.on('data', (chunk) => {
      there.write(chunk);
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 5 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
        if (bytes[4] === signRequest) signatures++;
        bytes = bytes.subarray(4 + bytes.readUInt32BE(0));
      }
    });
  });
  await once(server.listen(path), 'listening');
  onTestFinished(() => void server.close());
  return () => {
    const since = signatures;
    signatures = 0;
    return since;
  };
}

/** SSH_AGENTC_SIGN_REQUEST. */
const signRequest = 13;

/** See https://datatracker.ietf.org/doc/html/draft-ietf-sshm-ssh-agent. */
function answerTo(type: number | undefined, kind: AgentKind, blob: Buffer): Buffer | undefined {
  const failure = Buffer.from([5]);
  if (kind === 'hangs') return undefined;
  if (type !== 11 || kind === 'refuses') return failure;
  const keys = kind === 'is empty' ? [] : [framed(blob), framed(Buffer.from('in the agent'))];
  const count = Buffer.from([12, 0, 0, 0, keys.length / 2]);
  return kind === 'breaks' ? count : Buffer.concat([count, ...keys]);
}

function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
