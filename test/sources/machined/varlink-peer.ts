import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { isJsonObject, type JsonObject } from '../../../src/sources/tools/json.js';

/** What a peer does with one request; by default the connection stays open after it, as machined's does. */
export type Answer = (request: JsonObject, socket: Socket) => unknown;

export interface Peer {
  readonly path: string;
  readonly requests: readonly JsonObject[];
  /** Resolves when the client closed its first connection. */
  readonly hungUp: Promise<void>;
}

export function usePeerFolder(): PeerFolder {
  const folder = new PeerFolder();
  afterEach(() => folder.renew());
  afterAll(() => folder.stop());
  return folder;
}

/** A folder for sockets, and peers in it; `stop` ends them and removes it. */
export class PeerFolder {
  path = mkdtempSync(join(tmpdir(), 'vmssh-'));
  readonly #stops: (() => void)[] = [];

  /** Listens at `name` in the folder, does `accept` for each connection and `answer` for each request. */
  async listen(name: string, answer: Answer, accept: (socket: Socket) => void = () => {}): Promise<Peer> {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    const requests: JsonObject[] = [];
    const sockets = new Set<Socket>();
    let hangUp = () => {};
    const hungUp = new Promise<void>((resolve) => {
      hangUp = resolve;
    });
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => hangUp());
      accept(socket);
      readRequests(socket, (request) => {
        requests.push(request);
        return answer(request, socket);
      });
    });
    this.#stops.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    server.listen(path);
    await once(server, 'listening');
    return { path, requests, hungUp };
  }

  /** Leaves a socket that nobody listens at, as a service that was killed does. */
  async abandon(name: string): Promise<string> {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    const server = createServer().listen(`${path}.tmp`);
    await once(server, 'listening');
    // The server removes the name it knows.
    renameSync(`${path}.tmp`, path);
    server.close();
    await once(server, 'close');
    return path;
  }

  renew(): void {
    this.stop();
    this.path = mkdtempSync(join(tmpdir(), 'vmssh-'));
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The bytes of a recorded answer. */
export function recorded(name: string): Buffer {
  const lines = readFileSync(new URL(`../../fixtures/machined/${name}.jsonl`, import.meta.url), 'utf8');
  return Buffer.from(lines.replaceAll('\n', '\0'));
}

/** Machines as the service lists them, the last one without `continues`. */
export function listing(machines: readonly JsonObject[]): Buffer {
  return wire(...machines.map((parameters, at) => ({ parameters, continues: at < machines.length - 1 })));
}

export const says =
  (bytes: Uint8Array | string): Answer =>
  (_request, peer) =>
    peer.write(bytes);

/** Recorded answers: to a question for all machines, and to one for a name. */
export const saysRecorded = (all: string, one = 'systemd257-no-such-machine'): Answer => {
  return ({ more }, peer) => peer.write(recorded(more ? all : one));
};

/** The bytes of messages. */
export function wire(...messages: readonly JsonObject[]): Buffer {
  return Buffer.from(messages.map((message) => `${JSON.stringify(message)}\0`).join(''));
}

function readRequests(socket: Socket, take: (request: JsonObject) => unknown): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (piece: string) => {
    const frames = (text + piece).split('\0');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const request: unknown = JSON.parse(frame);
      if (isJsonObject(request)) void take(request);
    }
  });
}

/** Answers as machined does: one by its exact name, all with `more`, else an error. */
export function machines(...all: readonly JsonObject[]): Answer {
  return ({ parameters, more }, peer) => {
    const { name } = parameters as JsonObject;
    const some = name === undefined ? all : all.filter((machine) => machine.name === name);
    if (name === undefined && more !== true) peer.write(recorded('systemd257-expected-more'));
    else peer.write(some.length === 0 ? recorded('systemd257-no-such-machine') : listing(some));
  };
}
