import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import vsock from '../../../src/guest/sh/parts/vsock.sh';
import { lacks } from '../../helpers/programs.js';
import { shell, shells } from '../../helpers/shells.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();

/** A socket in place of AF_VSOCK, whose peer sends the parts of PEER, and the last one again and again. */
const fake = `
import os, socket, sys, time
class Fake:
    parts = os.environ["PEER"].split("|")
    left = 1000
    def __init__(self, *_): pass
    def settimeout(self, _): pass
    def connect(self, _): pass
    def recv(self, size):
        self.left -= 1
        if self.left == 0: sys.exit("asked without end")
        time.sleep(0.01)
        return (self.parts.pop(0) if len(self.parts) > 1 else self.parts[0]).encode()[:size]
socket.socket = Fake
code = sys.argv[1]
sys.argv = ["-c"] + sys.argv[2:]
exec(code)
`;

// A guest without perl.
describe.skipIf(lacks('python3')).each(shells)('the vsock client of python3: $name', ({ command }) => {
  beforeAll(() => {
    const { stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
      encoding: 'utf8',
    });
    mkdirSync(join(dir, 'bin'), { recursive: true });
    writeFileSync(join(dir, 'fake.py'), fake);
    writeFileSync(
      join(dir, 'bin/python3'),
      `#!/bin/sh\nshift\nexec ${stdout.trim()} '${join(dir, 'fake.py')}' "$@"\n`,
    );
    chmodSync(join(dir, 'bin/python3'), 0o755);
  });

  it.each([
    { peer: 'SSH-2.0-x\r\n', says: 'banner SSH-2.0-x\n' },
    { peer: 'hello\n|SSH-2|.0-x\n', says: 'banner SSH-2.0-x\n' },
    { peer: 'hello\n|', says: 'closed\n' },
    { peer: 'never a banner', says: 'silent\n' },
  ])('$peer', ({ peer, says }) => {
    const script = `R=\nPATH='${join(dir, 'bin')}'\nexport PATH\n${vsock}\nvsock_try 1 2222 1`;
    const env = { ...process.env, PEER: peer };
    expect(shell(command, script, { env })).toEqual({ code: 0, stdout: says, stderr: '' });
  });
});
