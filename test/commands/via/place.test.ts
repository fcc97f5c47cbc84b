import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { remove } from '../../../src/commands/via/place.js';
import { script } from '../../e2e/via/hypervisors.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { shell } from '../../helpers/shells.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe('a hypervisor that via push or via remove asks', () => {
  const dir = useTempDir();
  const { PATH } = process.env;
  const io = fakeIo({ env: { PATH, VMSSH_SSH: join(dir, 'ssh') } });
  /** ssh as a script that says `here`, which the command for the hypervisor begins with, and its answers. */
  const asks = (text: string, limits: { loginMs: number; workMs: number }) => {
    script(
      join(dir, 'ssh'),
      `say() { echo "$m $*"; }; m=$(echo "$*" | grep -o 'vmssh-[0-9a-f]\\{32\\}'); trap 'echo >${dir}/ended; exit' TERM; ${text}`,
    );
    return remove('hv1', io, limits);
  };
  const goesOn = 'while :; do sleep 0.05; done';
  const long = 60_000;

  it('is answered for by its last line', async () => {
    const limits = { loginMs: long, workMs: long };
    expect(await asks('echo Welcome; say here; say removed', limits)).toBe('removed');
  });

  it('keeps no folder of ours after via remove', async () => {
    const there = `cd ${dir} && mkdir -p .local/bin .local/share/vmssh && echo 1 > .local/bin/vmssh`;
    shell(['sh'], `${there} && sha256sum < .local/bin/vmssh | cut -c1-64 > .local/share/vmssh/pushed`);
    const run = `for last; do :; done; HOME=${dir} sh -c "$last"`;
    expect(await asks(run, { loginMs: long, workMs: long })).toBe('removed');
    expect(readdirSync(join(dir, '.local/share'))).toEqual([]);
  });

  it.each([
    { what: 'says nothing', text: goesOn, loginMs: 200, workMs: long, code: 'HOP_SILENT' },
    { what: 'never ends', text: `say here; ${goesOn}`, loginMs: long, workMs: 200, code: 'HOP_SILENT' },
    {
      what: 'prints without end',
      text: 'yes 2>/dev/null',
      loginMs: long,
      workMs: long,
      code: 'HOP_NO_SHELL',
    },
  ])('is given up if it $what, and its ssh ends', async ({ text, loginMs, workMs, code }) => {
    rmSync(join(dir, 'ended'), { force: true });
    await expect(asks(text, { loginMs, workMs })).rejects.toMatchObject({ code });
    await expect.poll(() => existsSync(join(dir, 'ended'))).toBe(true);
  });
});
