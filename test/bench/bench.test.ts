import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { missingExecutable } from '../helpers/addon.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { runs } from '../runs/runs.js';
import type { Result } from './types.js';

const missing =
  missingPrograms({ cc: 'gcc', socat: 'socat', ssh: 'openssh-client', sshd: 'openssh-server' }) ??
  missingExecutable();

it.skipIf(missing)(
  'a quick bench gives every figure',
  async () => {
    const bench = [process.execPath, fileURLToPath(new URL('../runs/run.js', import.meta.url)), 'bench'];
    const args = ['--no-build', '--quick', '--json', '--runs', '1'];
    const { code, stdout, stderr } = await run([...bench, ...args], { timeout: 230_000 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('list-many done') });
    const { figures } = JSON.parse(stdout) as Result;
    const names = await runs.find(({ name }) => name === 'bench')?.names?.all?.();
    expect(figures.map(({ id }) => id)).toEqual(names);
    for (const { entries } of figures) {
      const ours = entries.filter(({ name }) => /^(vmssh|library|socat)/.test(name));
      expect(ours.length).toBeGreaterThan(0);
      for (const entry of ours) expect(entry).toMatchObject({ median: expect.any(Number) });
    }
  },
  240_000,
);
