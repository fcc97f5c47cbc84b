import { symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { lifeline } from '../../helpers/lifeline.js';
import { run, vmssh } from '../../helpers/run.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();

describe('a reader that has seen enough', () => {
  /** What it prints goes to a reader of one line; the code is its own. */
  const withHead = (args: readonly string[], first = ':') =>
    run(['bash', '-c', `set -o pipefail; "$@" | { ${first}; head -n 1; }`, 'bash', ...vmssh, ...args]);

  // Only the addon sees it before the next line is written.
  it.skipIf(missingAddon())('ends list --watch, though nothing changes', async () => {
    const { code, stderr } = await withHead(['list', '--watch=86400', '--provider=nspawn', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('ends check before it asks all other targets', async () => {
    const { hold, gone } = lifeline(join(dir, 'head'));
    let asked = 0;
    const server = createServer(async (socket) => {
      if (++asked > 1) await gone;
      socket.end();
    });
    const path = join(dir, 'closes.sock');
    await listening(server, path);
    const targets = Array.from({ length: 100 }, (_, at) => `unix${path}${at}`);
    for (const each of targets) symlinkSync(path, each.slice('unix'.length));
    const { stdout } = await withHead(['check', '--until=banner', ...targets], hold);
    expect(targets).toContain(/^✗ ([^:]+): .*\n$/.exec(stdout)?.[1]);
    // 16 at a time; some begin before its absence is seen.
    expect(asked).toBeLessThan(50);
  });
});
