import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { missingExecutable } from '../helpers/addon.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import type { Result } from './types.js';

const missing =
  missingPrograms({ cc: 'gcc', socat: 'socat', ssh: 'openssh-client', sshd: 'openssh-server' }) ??
  missingExecutable();

it.skipIf(missing)(
  'a quick bench gives every figure',
  async () => {
    const bench = fileURLToPath(new URL('bench.js', import.meta.url));
    const { code, stdout, stderr } = await run([process.execPath, bench, '--quick', '--json'], {
      timeout: 230_000,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('list-many done') });
    const { figures } = JSON.parse(stdout) as Result;
    expect(figures.map(({ id }) => id)).toEqual([
      ...['start-pass', 'login', 'start-relay', 'bulk-up', 'bulk-down', 'echo', 'memory-1', 'memory-10'],
      ...['crowd', 'crowd-failed', 'crowd-left', 'descriptors', 'threads'],
      ...['size', 'version', 'complete', 'list', 'list-machined', 'list-many'],
    ]);
    for (const { entries } of figures) {
      const ours = entries.filter(({ name }) => /^(vmssh|library|socat)/.test(name));
      expect(ours.length).toBeGreaterThan(0);
      for (const entry of ours) expect(entry).toMatchObject({ median: expect.any(Number) });
    }
  },
  240_000,
);
