import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runScript } from '../../../src/guest/run/run-script.js';
import { lifeline } from '../../helpers/lifeline.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const route = (script: string) => ({ name: 'ssh', command: ['sh', '-c', script], input: undefined }) as const;

describe("a guest's script", () => {
  it('has ended with its program, whatever that left running', async () => {
    const { hold, gone } = lifeline(join(dir, 'left'));
    const script = `${hold}; echo "ok a b"; sleep 1000 & echo "ok pid $!"; echo "end 0 done"`;
    const { lines, code } = await runScript(route(script), { env: process.env, onLine: () => {} });
    expect(code).toBe(0);
    process.kill(Number(lines.find(({ step }) => step === 'pid')?.message), 'SIGTERM');
    await gone;
  });

  it.each(['ok a b', 'not of ours', 'not of ours >&2'])(
    'that prints without end is ended: %s',
    async (text) => {
      const { hold, gone } = lifeline(join(dir, `endless-${text.length}`));
      let seen = 0;
      const [line, to = ''] = text.split(' >');
      const script = `${hold}; yes "${line}" ${to && `>${to}`} | head -n 6000000`;
      const outcome = await runScript(route(script), { env: process.env, onLine: () => seen++ });
      expect(outcome.code).toBeUndefined();
      expect(outcome.message).toMatch(/^it printed more than \d+ (lines|MiB)/);
      expect(outcome.lines.length).toBeLessThan(2000);
      expect(seen).toBe(outcome.lines.length);
      await gone;
    },
  );
});
