import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runScript } from '../../src/guest/run-script.js';
import { lifeline } from '../helpers/lifeline.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const way = (script: string) => ({ name: 'ssh', command: ['sh', '-c', script], input: undefined }) as const;

describe("a guest's script", () => {
  it('has ended with its program, whatever that left running', async () => {
    const { hold, gone } = lifeline(join(dir, 'left'));
    const script = `${hold}; echo "ok a b"; sleep 1000 & echo "ok pid $!"; echo "end 0 done"`;
    const { lines, code } = await runScript(way(script), { env: process.env, onLine: () => {} });
    expect(code).toBe(0);
    process.kill(Number(lines.find(({ step }) => step === 'pid')?.words), 'SIGTERM');
    await gone;
  });
});
