import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { RelayResult } from 'node-hvsock-native';
import { expect, onTestFinished } from 'vitest';
import { type RunningChild, startFixture } from './child.js';
import { listen, readToEnd, temporaryFolder } from './peer.js';

/** What a relay's stdin and stdout can be: both pipes, two socket pairs, and one socket for both. */
export type Stdio = 'pipe' | 'sockets' | 'one socket';
export const stdioKinds: readonly Stdio[] = ['pipe', 'sockets', 'one socket'];

export interface RunningRelay extends RunningChild {
  /** What is written here goes to the peer. */
  readonly stdin: Writable;
  /** What the peer sends. */
  readonly stdout: Readable;
  /** The peer's end, paused. */
  readonly peer: Socket;
  readonly result: Promise<Partial<RelayResult> & { code?: string; syscall?: string }>;
}

/** A relay in a process of its own, connected to `peer`. */
export async function startRelay(
  stdio: Stdio,
  {
    lingerMs = -1,
    handOff = [],
    ...more
  }: {
    lingerMs?: number;
    /** For `program`: milliseconds after which it frees the engine; "ignore" if it then ignores SIGINT, "free" if it keeps its system calls. */
    handOff?: readonly (number | 'ignore' | 'free')[];
    wrapper?: readonly string[];
    program?: string;
    oneMore?: boolean;
  } = {},
): Promise<RunningRelay> {
  const { path, server } = await listen();
  const connection = once(server, 'connection');
  const ends = await openStdio(stdio);
  const running = startFixture('relay.js', [path, lingerMs, ...handOff].map(String), {
    stdio: ends.child,
    ...more,
  });
  ends.handedOver();
  const [peer] = (await connection) as [Socket];
  const stdin = ends.stdin ?? (running.child.stdin as Writable);
  const stdout = ends.stdout ?? (running.child.stdout as Readable);
  stdin.on('error', () => {});
  const result = resultOf(running);
  result.catch(() => {}); // a test that failed before does not ask for it
  return { ...running, stdin, stdout, peer, result };
}

/** The peer resets, with input that it has not read, after its last bytes; returns what the reader of the output got of them. */
export async function resetAfter(text: string, relay: RunningRelay, last = false): Promise<string> {
  await leaveUnread(relay, last);
  relay.peer.write(text, () => relay.peer.destroy());
  return (await readToEnd(relay.stdout)).toString();
}

/** The peer gets bytes that it does not read, and input ends if they are the last: when the peer closes, it resets. */
export async function leaveUnread({ stdin, stdout, peer }: RunningRelay, last = false): Promise<void> {
  await new Promise<void>((resolve) => {
    if (last) stdin.end('unread', resolve);
    else stdin.write('unread', () => resolve());
  });
  for (const round of '12') {
    peer.write(round); // once the second came through, the relay has looked at its input and sent what was there
    expect(String((await once(stdout, 'data'))[0])).toBe(round);
  }
}

/** The JSON that fixtures/relay.js prints. */
export async function resultOf(
  running: RunningChild,
): Promise<Partial<RelayResult> & { code?: string; syscall?: string }> {
  const { stderr, code, signal } = await running.finished;
  try {
    return JSON.parse(stderr);
  } catch {
    throw new Error(`relay.js ended with ${signal ?? code}: ${stderr}`);
  }
}

interface Ends {
  child: [unknown, unknown];
  stdin?: Writable;
  stdout?: Readable;
  /** To be called once the child has its ends. */
  handedOver(): void;
}

async function openStdio(stdio: Stdio): Promise<Ends> {
  if (stdio === 'sockets') return { child: ['pipe', 'pipe'], handedOver: () => {} }; // Node makes them of socketpair()
  if (stdio === 'one socket') return oneSocket();
  const input = openPipe();
  const output = openPipe();
  return {
    child: [input.read, output.write],
    stdin: new Socket({ fd: input.write, readable: false, writable: true }),
    stdout: new Socket({ fd: output.read, readable: true, writable: false }),
    handedOver: () => {
      closeSync(input.read);
      closeSync(output.write);
    },
  };
}

async function oneSocket(): Promise<Ends> {
  const { path, server } = await listen();
  const accepted = once(server, 'connection');
  const ours = createConnection({ path, allowHalfOpen: true });
  const [theirs] = (await accepted) as [Socket];
  onTestFinished(() => void ours.destroy());
  return { child: [theirs, theirs], stdin: ours, stdout: ours, handedOver: () => void theirs.destroy() };
}

/** Both ends of a pipe, which is a FIFO as Node cannot make another. */
export function openPipe(): { read: number; write: number } {
  const path = join(temporaryFolder(), 'fifo');
  execFileSync('mkfifo', [path]);
  const both = openSync(path, constants.O_RDWR); // lets the others open at once
  const pipe = { read: openSync(path, constants.O_RDONLY), write: openSync(path, constants.O_WRONLY) };
  closeSync(both);
  return pipe;
}

/** Where bytes for a relay can come from that are there from the start. */
export type Source = 'pipe' | 'socket' | 'file' | '/dev/null';
export const sources: readonly Source[] = ['pipe', 'socket', 'file', '/dev/null'];

/** Where a relay's bytes can go. */
export type Sink = 'pipe' | 'socket' | 'file' | '/dev/null';
export const sinks: readonly Sink[] = ['pipe', 'socket', 'file', '/dev/null'];

/** Relays `bytes` from such a source to such a sink; gives what the sink got. */
export async function relayBetween(
  source: Source,
  sink: Sink,
  bytes: Buffer,
  { path, wrapper = [] }: { path: string; wrapper?: readonly string[] },
) {
  const folder = temporaryFolder();
  const toClose: number[] = [];
  const opened = (fd: number) => {
    toClose.push(fd);
    return fd;
  };
  const file = join(folder, 'file');
  writeFileSync(file, bytes);
  const target = join(folder, 'target');
  const pipes = { input: openPipe(), output: openPipe() };
  const stdin = {
    pipe: () => opened(pipes.input.read),
    socket: () => 'pipe',
    file: () => opened(openSync(file, 'r')),
    '/dev/null': () => 'ignore',
  }[source]();
  const stdout = {
    pipe: () => opened(pipes.output.write),
    socket: () => 'pipe',
    file: () => opened(openSync(target, 'w')),
    '/dev/null': () => 'ignore',
  }[sink]();
  const running = startFixture('relay.js', [path, '-1'], { stdio: [stdin, stdout], wrapper });
  for (const fd of toClose) closeSync(fd);

  const writer = new Socket({ fd: pipes.input.write, readable: false, writable: true });
  if (source === 'pipe') writer.end(bytes);
  else writer.destroy();
  if (source === 'socket') running.child.stdin?.end(bytes);
  const reader = new Socket({ fd: pipes.output.read, readable: true, writable: false });
  const piped = sink === 'pipe' ? readToEnd(reader) : undefined;
  if (!piped) reader.destroy();
  const sent = sink === 'socket' ? readToEnd(running.child.stdout as Readable) : undefined;
  const result = await resultOf(running);
  const got = (await piped) ?? (await sent) ?? (sink === 'file' ? readFileSync(target) : undefined);
  return { result, got };
}
