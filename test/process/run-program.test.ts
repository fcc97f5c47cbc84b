import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../src/process/run-program.js';
import { ended } from '../../src/process/terminate.js';
import { lifeline } from '../helpers/lifeline.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const { env } = process;
const sh = (script: string) => ['sh', '-c', script];

describe('a program', () => {
  it('is run to its end', async () => {
    const end = await runProgram(sh('echo a; echo b >&2; exit 3'), { env });
    expect(end).toEqual({ stdout: 'a\n', stderr: 'b\n', code: 3, signal: null });
    expect(await runProgram(sh('kill -9 $$'), { env })).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('is read to its end, however much is left in its pipe', async () => {
    const { stdout } = await runProgram(sh('yes | head -c 3000000'), { env });
    expect(stdout).toHaveLength(3_000_000);
  });

  it('that is not there, or is given too much, is an error', async () => {
    await expect(runProgram(['/proc/none/x'], { env })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(runProgram(sh('x'.repeat(3 << 20)), { env })).rejects.toMatchObject({ code: 'E2BIG' });
  });

  it('whose output cannot be read is an error', async () => {
    const child = spawn('sleep', ['1000']);
    const error = Object.assign(new Error('input/output error'), { code: 'EIO' });
    child.stdout.destroy(error);
    await expect(ended(child)).rejects.toBe(error);
    child.kill();
  });

  it('is ended at its deadline with all that it started', async () => {
    const { hold, started, gone } = lifeline(join(dir, 'deadline'));
    const script = `${hold}; echo so far; (sleep 1000; echo) & sleep 1000; echo`;
    const running = runProgram(sh(script), { env, timeoutMs: 1000 });
    await started;
    expect(await running).toMatchObject({ code: null, stopped: 'timeout' });
    await gone;
  });

  it('is heard while it goes on', async () => {
    const abort = new AbortController();
    const onOutput = (stdout: string) => /^ab$/m.test(stdout) && abort.abort();
    const end = runProgram(sh('printf a; echo b; exec sleep 1000'), { env, onOutput, signal: abort.signal });
    expect(await end).toMatchObject({ stdout: 'ab\n', stopped: 'aborted' });
  });

  it('that was given up is not started, or ended', async () => {
    const { hold, started, gone } = lifeline(join(dir, 'given-up'));
    const abort = new AbortController();
    const running = runProgram(sh(`${hold}; sleep 1000; echo`), { env, signal: abort.signal });
    await started;
    abort.abort();
    expect(await running).toMatchObject({ stopped: 'aborted' });
    await gone;
    const again = await runProgram(sh('echo started'), { env, signal: abort.signal });
    expect(again).toMatchObject({ stdout: '', stopped: 'aborted' });
  });

  it.each(['yes', 'yes >&2'])('that prints without end is ended: %s', async (script) => {
    const { hold, gone } = lifeline(join(dir, `prints-${script.length}`));
    const end = await runProgram(sh(`${hold}; (${script}); echo`), { env, longest: 1 << 20 });
    expect(end).toMatchObject({ stopped: 'output' });
    expect(end.stdout.length + end.stderr.length).toBeLessThan(2 << 20);
    await gone;
  });
});
