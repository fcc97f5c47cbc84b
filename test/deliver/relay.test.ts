import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/base/errors.js';
import { exhausted, windowsExhausted } from '../../src/connect/failures/failure.js';
import { relayError, relayFailures } from '../../src/deliver/relay.js';
import { run, vmssh } from '../helpers/run.js';
import { listening } from '../helpers/sockets/servers.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { codes, tableOf } from '../markdown.js';

const dir = useTempDir();

describe('a relay that fails', () => {
  it.each([
    { code: 'ECONNRESET', want: 'the machine broke the connection (ECONNRESET)' },
    { code: 'WSAECONNRESET', want: 'the machine broke the connection (WSAECONNRESET)' },
    { code: 'ENOSPC', want: 'no space left for the output on this side (ENOSPC)' },
    { code: 'EMFILE', want: 'too many files are open (EMFILE)' },
    { code: 'EIO', want: 'stdin or stdout failed on this side (EIO)' },
    { code: 'EWHAT', want: 'moving its bytes failed (EWHAT)' },
  ])('$code blames who it was', ({ code, want }) => {
    const error = relayError('unix/x', code);
    expect(error.message).toBe(`connection lost to "unix/x": ${want}`);
    expect(exitCodeOf(error)).toBe(1);
  });

  it('has the rows of docs/reference/errors.md', () => {
    const rows = tableOf('reference/errors.md', 'While bytes are relayed').map((row) => ({
      codes: codes(row.code),
      problem: row['what it means'],
      hint: row.fix,
    }));
    expect([...rows, ...exhausted, windowsExhausted]).toEqual(relayFailures);
  });

  it.skipIf(!existsSync('/dev/full'))('for a full disk here does not blame the machine', async () => {
    const path = join(dir, 'x.sock');
    await listening(
      createServer((socket) => socket.end('x'.repeat(100_000))),
      path,
    );
    const result = await run(['sh', '-c', '"$@" > /dev/full', 'sh', ...vmssh, 'nc', '--pipe', `unix${path}`]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('on this side (ENOSPC)') });
    expect(result.stderr).toContain('hint: free some space');
  });
});
