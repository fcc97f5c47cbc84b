import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { missingExecutable } from '../helpers/addon.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { ids } from './bench.js';
import type { Result } from './types.js';

const missing =
  missingPrograms({
    ...{ cc: 'gcc', npm: 'npm', socat: 'socat' },
    ...{ ssh: 'openssh-client', sshd: 'openssh-server' },
  }) ?? missingExecutable();

it.skipIf(missing)(
  'a quick bench gives every figure',
  async () => {
    const bench = [process.execPath, fileURLToPath(new URL('../runs/run.js', import.meta.url)), 'bench'];
    const args = ['--no-build', '--quick', '--json'];
    const { code, stdout } = await run([...bench, ...args], { timeout: 230_000 });
    expect(code).toBe(0);
    const { figures } = JSON.parse(stdout) as Result;
    expect(figures.map(({ id }) => id)).toEqual([...ids.filter((id) => !id.startsWith('many')), 'many-20']);
    for (const { entries } of figures) {
      const ours = entries.filter(({ name }) => /^(vmssh|socat|`)/.test(name));
      expect(ours.length).toBeGreaterThan(0);
      for (const entry of ours) expect(entry).toMatchObject({ median: expect.any(Number) });
    }
  },
  240_000,
);
