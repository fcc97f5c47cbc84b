import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/cli/command.js';
import { explain } from '../../src/cli/message.js';
import { stepTrace } from '../../src/cli/reach/trace.js';
import { ConnectError } from '../../src/errors.js';
import { fakeIo } from '../helpers/fake-io.js';

describe('explain', () => {
  it.each<{ name: string; error: unknown; want: string; code: number }>([
    {
      name: 'a failure and its fix',
      error: new ConnectError('connect', 'vsock/3', { code: 'ENODEV', problem: 'why', hint: 'do' }),
      want: 'vmssh: cannot connect to "vsock/3": why\nhint: do\n',
      code: 1,
    },
    {
      name: 'a failure without a fix',
      error: new ConnectError('resolve', 'a', { code: 'NOT_FOUND', problem: 'why' }),
      want: 'vmssh: cannot find "a": why\n',
      code: 4,
    },
    {
      name: 'what a peer wrote, harmless',
      error: new ConnectError('handshake', 'a\x1b', {
        code: 'NO_BANNER',
        problem: '\x1b[2J',
        hint: '\u202e\n',
      }),
      want: 'vmssh: no SSH server at "a\\x1b": \\x1b[2J\nhint: \\u{202e}\\x0a\n',
      code: 3,
    },
    {
      name: 'wrong usage',
      error: new UsageError('expected HOST PORT, got "\x07"'),
      want: 'vmssh: expected HOST PORT, got "\\x07"\nhint: see vmssh --help\n',
      code: 2,
    },
    {
      name: 'a fault of our own',
      error: Object.assign(new Error('x'), { stack: 'Error: x\x1b\n    at y' }),
      want: 'vmssh: a bug in vmssh: Error: x\\x1b\n    at y\n',
      code: 1,
    },
    { name: 'what is not an error', error: 'text', want: 'vmssh: a bug in vmssh: text\n', code: 1 },
  ])('prints $name on stderr only', async ({ error, want, code }) => {
    const io = fakeIo();
    expect(await explain(error, io)).toBe(code);
    expect({ stderr: io.stderr.join(''), stdout: io.stdout }).toEqual({ stderr: want, stdout: [] });
  });

  it("uses the program's own name, and colours only on a terminal", async () => {
    const io = fakeIo({ program: 'vsock-nc', terminal: { stdin: false, stdout: false, stderr: true } });
    await explain(new UsageError('why'), io);
    expect(io.stderr.join('')).toBe(
      '\x1b[31mvsock-nc:\x1b[39m why\n\x1b[2mhint:\x1b[22m see vsock-nc --help\n',
    );
  });
});

describe('stepTrace', () => {
  it('prints each step with the time since the previous one', () => {
    const io = fakeIo();
    const times = [0, 1.25, 101.25];
    const trace = stepTrace(io, () => times.shift() ?? Number.NaN);
    trace('parse', 'a\x1b');
    trace('resolve', 'b');
    expect(io.stderr).toEqual(['vmssh: parse       1.3 ms  a\\x1b\n', 'vmssh: resolve   100.0 ms  b\n']);
  });
});
