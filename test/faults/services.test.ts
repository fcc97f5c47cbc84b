import { mkdirSync, symlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe } from 'vitest';
import { vmssh } from '../helpers/run.js';
import { endlessly } from '../helpers/sockets/servers.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';
import { type Fault, faults, ownEnv, type Rows } from './fault.js';

const dir = useTempDir();
let count = 0;

/** The user's systemd-machined is the peer. */
function askMachined(socket: string): readonly string[] {
  const runtimeDir = join(dir, `run-${++count}`);
  mkdirSync(join(runtimeDir, 'systemd/machine'), { recursive: true, mode: 0o700 });
  symlinkSync(socket, join(runtimeDir, 'systemd/machine/io.systemd.Machine'));
  return ['env', `XDG_RUNTIME_DIR=${runtimeDir}`, ...vmssh, 'proxy', 'machine/no-such-machine', '22'];
}

const asked = (answer: (socket: Socket) => void) => (socket: Socket) =>
  void socket.once('data', () => answer(socket));

const services: Rows = {
  'closes at once': { peer: (socket) => socket.destroy() },
  'closes when it is asked': { peer: asked((socket) => socket.destroy()) },
  'answers garbage': { peer: asked((socket) => socket.end('garbage\0')) },
  'answers with escapes': { peer: asked((socket) => socket.end('{"error":"\\u001b]0;x\\u0007\\u202e"}\0')) },
  'answers nested JSON': { peer: asked((socket) => socket.end(`${'['.repeat(100_000)}\0`)) },
  'answers without end': { peer: asked((socket) => endlessly(socket, ' '.repeat(1 << 20))) },
  'answers with a machine of another shape': {
    peer: asked((socket) => socket.end('{"parameters":{"name":7,"vSockCid":"x"}}\0')),
  },
  hangs: { peer: () => {} },
};

describe('systemd-machined', () =>
  faults('a systemd-machined (`proxy machine/…`)', services, {
    command: askMachined,
    ends: 4,
    says: /no-such-machine/,
  }));

/** A multipass on PATH that is a script. */
function withTool(script: string): Pick<Fault, 'command' | 'options'> {
  const folder = join(dir, `bin-${++count}`);
  writeTree(folder, { multipass: `#!/bin/sh\n${script}\n` });
  return {
    command: () => [...vmssh, 'proxy', 'multipass/x', '22'],
    options: { env: { ...ownEnv(dir), PATH: `${folder}:${process.env.PATH}` } },
  };
}

describe('a tool', () =>
  faults(
    'a tool (`proxy multipass/…`)',
    {
      fails: { ...withTool('echo broken >&2; exit 3'), says: /broken/ },
      'is killed': withTool('kill -9 $$'),
      'prints nothing': withTool('exit 0'),
      'prints garbage': withTool("printf '\\001\\377\\376garbage\\0'"),
      'complains in escapes': withTool("printf '\\033]0;x\\007\\342\\200\\256txt' >&2; exit 1"),
      'prints without end': { ...withTool('exec yes'), says: /more than/ },
      'forks children that keep its output open, and ends': withTool('sleep 60 & exit 0'),
      hangs: withTool('exec sleep 60'),
    },
    { ends: 4, says: /multipass/ },
  ));
