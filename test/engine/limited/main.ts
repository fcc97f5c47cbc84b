import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { writeSync } from 'node:fs';
import { userInfo } from 'node:os';
import { load } from 'node-hvsock-native';
import { failure } from '../tables/case.js';

/** What runs into a limit, by its name. */
const attempts: Readonly<Record<string, () => unknown>> = {
  recursion: () => deeper(0),
  'recursion, caught': () => failure(() => deeper(0)),
  'recursion of promises': () => later(0),
  'a JSON text that is nested': () => JSON.parse('['.repeat(10_000_000)),
  'a regular expression that is nested': () => new RegExp('(?:'.repeat(1_000_000)),
  memory: () => hold(),
  'memory, caught': () => failure(hold),
  'memory of one text': () => 'x'.repeat(500 << 20),
  'a module, with bytes left': () => loadWith(Number(process.argv[3])),
  'calls of the addon, with bytes left': callWithLittle,
  'an answer, with no memory left': () => readWithout(),
  'a regular expression': () => stumble(),
  'a regular expression, caught': () => failure(stumble),
  'a regular expression, caught in a promise': () => Promise.resolve().then(stumble).catch(String),
  'a loop in a timer': () => new Promise((resolve) => setTimeout(() => resolve(spin()), 1)),
  'the user': () => failure(userInfo),
  'a name of the network': () => failure(() => lookup('host.example', { all: true })),
  'an option that the engine does not know': () =>
    spawn('true', [], Object.assign({ timeout: 5 }, { shell: true })),
};

function deeper(depth: number): number {
  return deeper(depth + 1) + 1;
}

async function later(depth: number): Promise<number> {
  return (await later(depth + 1)) + 1;
}

function hold(): number {
  const held: string[] = [];
  // Long pieces: the one that does not fit leaves room for the error.
  for (;;) held.push(`${held.length}`.repeat(100_000));
}

/** Reads a module with so many bytes of memory left. */
async function loadWith(bytes: number): Promise<number> {
  const held = fillBut(bytes);
  const late = await import('./late.js');
  held.length = 0;
  return Object.keys(late).length;
}

/** Begins and cancels work of the addon, each time with a little more memory left: how often that threw. */
function callWithLittle(): number {
  const addon = load();
  const { handle, peer, descriptor } = addon.socketPair();
  let thrown = 0;
  for (let bytes = 0; bytes <= 600; bytes += 60) {
    const begun = addon.watchHangup([descriptor]);
    begun.promise.catch(() => {});
    if (throws(() => addon.watchHangup([descriptor]), bytes)) thrown++;
    if (throws(begun.cancel, bytes)) thrown++;
  }
  for (const each of [handle, peer]) addon.close(each);
  return thrown;
}

/** Reads what comes once there is no room for it. */
async function readWithout(): Promise<number> {
  const addon = load();
  const { handle, peer, descriptor } = addon.socketPair();
  const answer = addon.read(handle, 100_000);
  writeSync(descriptor, new Uint8Array(100_000));
  const held = fillBut(10_000);
  const { length } = await answer;
  addon.close(peer);
  return length + held.length;
}

function throws(call: () => unknown, bytes: number): boolean {
  const held = fillBut(bytes);
  try {
    call();
    return false;
  } catch {
    return true;
  } finally {
    held.length = 0;
  }
}

/** What takes all memory but for so many bytes. */
function fillBut(bytes: number): Uint8Array[] {
  let room: Uint8Array | undefined = new Uint8Array(bytes);
  const held: Uint8Array[] = new Array(100).fill(room);
  let count = 0;
  for (let size = 64 << 20; size > 0; size >>= 1) {
    try {
      for (;;) held[count++] = new Uint8Array(size);
    } catch {
      count--;
    }
  }
  held.fill(held[0] as Uint8Array, count);
  room = undefined;
  return held;
}

/** Takes twice the time for each character more. */
function stumble(): boolean {
  return /^(?:a+)+$/.test(`${'a'.repeat(100)}b`);
}

function spin(): number {
  let sum = 0;
  for (;;) sum = (sum + 1) % 1000;
}

console.log(JSON.stringify(await attempts[process.argv[2] ?? '']?.()));
