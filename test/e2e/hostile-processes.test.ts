import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { otherUser } from '../helpers/other-user.js';
import { run, vmssh } from '../helpers/run.js';
import { compile } from '../native/support/compile.js';

const program = compile('long-command-line.c', new URL('./fixtures/', import.meta.url));
const missing = program === undefined || isRefused(program);

describe.skipIf(missing)('processes with a command line of 300 MiB', () => {
  it.each([
    { name: 'of another user', who: otherUser },
    { name: 'of this user', who: {} },
  ])('$name end nobody else', async ({ who }) => {
    await Promise.all([start(who), start(who), start(who)]);
    const { signal, stdout } = await run([...vmssh, 'list', '--json']);
    expect({ signal, ...JSON.parse(stdout) }).toMatchObject({ signal: null, machines: expect.any(Array) });
    const proxy = await run([...vmssh, 'proxy', 'qemu/nobody-has-this-name', '22'], { keepOpen: true });
    expect(proxy).toMatchObject({ code: 4, stderr: expect.stringContaining('QEMU has no machine') });
  });
});

/** Starts one that lives as long as this test. */
async function start(who: object): Promise<void> {
  chmodSync(dirname(program ?? ''), 0o755);
  const child = spawn(program ?? '', ['300'], { ...who, stdio: ['pipe', 'pipe', 'inherit'] });
  const end = once(child, 'close');
  onTestFinished(async () => {
    child.stdin.end();
    await end;
  });
  expect(String((await once(child.stdout, 'data'))[0])).toBe('ready\n');
}

/** Whether this kernel lets nobody do so; says it. */
function isRefused(program: string): boolean {
  const { status, stderr } = spawnSync(program, ['1'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status !== 0) console.warn(`skipped: ${stderr}\nremedy: a kernel with CONFIG_CHECKPOINT_RESTORE`);
  return status !== 0;
}
