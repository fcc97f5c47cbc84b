import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../helpers/addon.js';
import { missingPrograms } from '../helpers/programs.js';
import { executable, run, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { compile } from '../native/support/compile.js';

const refusing = executable && compile('refusing.c');

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly wrapper?: readonly string[];
}

describe('a program that vmssh starts', () => {
  const dir = useTempDir();
  const seen = () => join(dir, 'seen');
  const bin = () => join(dir, 'bin');

  async function startedBy(args: readonly string[], wrapper: readonly string[] = []) {
    standIns();
    rmSync(seen(), { force: true });
    const secret = join(dir, 'secret');
    writeFileSync(secret, '');
    const open = Array.from({ length: 5 }, () => openSync(secret, 'r'));
    const env = { PATH: `${bin()}:${process.env.PATH}`, HOME: dir };
    const stdio = ['pipe', 'pipe', 'pipe', ...open] as const;
    await run([...wrapper, ...vmssh, ...args], { env, keepOpen: true, stdio: [...stdio] });
    for (const each of open) closeSync(each);
    const lines = readFileSync(seen(), 'utf8').split('\n');
    return {
      descriptors: lines.flatMap((line) => / (\d+) -> (.*)$/.exec(line)?.[1] ?? []),
      ofOurCaller: lines.filter((line) => line.includes(secret)).length,
    };
  }

  /** Stands for these programs: each notes what it has open. */
  function standIns(): void {
    mkdirSync(bin(), { recursive: true });
    for (const name of ['ssh', 'scp', 'rsync', 'multipass', 'getent']) {
      const script = `#!/bin/sh\nls -l /proc/self/fd >>'${seen()}'\nexit 1\n`;
      writeFileSync(join(bin(), name), script, { mode: 0o755 });
    }
  }

  it.each<Case>([
    { name: 'a tool', args: ['proxy', 'multipass/x', '22'] },
    // Without close_range.
    ...(refusing
      ? [
          {
            name: 'a tool, on an old kernel',
            args: ['proxy', 'multipass/x', '22'],
            wrapper: [refusing, 'splice'],
          },
          {
            name: 'a tool, on an old kernel, where few files may be open',
            args: ['proxy', 'multipass/x', '22'],
            wrapper: ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh', refusing, 'splice'],
          },
        ]
      : []),
    { name: 'ssh, asked for its version, and getent', args: ['config', 'print'] },
    // Without the addon no hop is made.
    ...(missingAddon() ? [] : [{ name: 'ssh to a hypervisor', args: ['proxy', 'via/hv1/unix/x', '22'] }]),
    { name: 'ssh, for a script', args: ['guest', 'check', 'unix/x'] },
  ])(
    'has stdin, stdout and stderr, and nothing that our caller left open: $name',
    async ({ args, wrapper }) => {
      const { descriptors, ofOurCaller } = await startedBy(args, wrapper);
      expect(ofOurCaller).toBe(0);
      expect(descriptors).toEqual(expect.arrayContaining(['0', '1', '2']));
      // Node leaves those that come after a gap. 3 is the folder that ls reads.
      if (executable) expect(new Set(descriptors)).toEqual(new Set(['0', '1', '2', '3']));
    },
  );

  // Node gives none before the first gap.
  it.each([
    { name: 'ssh', args: ['ssh', 'unix/x'] },
    { name: 'scp', args: ['scp', 'unix%x:a', 'b'] },
    { name: 'rsync', args: ['rsync', 'unix%x:a', 'b'] },
  ])('has what our caller left open if it is for its user: $name', async ({ args }) => {
    expect(await startedBy(args)).toMatchObject({ ofOurCaller: executable ? 5 : 0 });
  });

  it.skipIf(missingPrograms({ bash: 'bash' }))('reads what bash writes for its user: <(…)', async () => {
    mkdirSync(bin(), { recursive: true });
    writeFileSync(
      join(bin(), 'rsync'),
      '#!/bin/sh\nfor each in "$@"; do case $each in --files-from=*) cat "$(echo "$each" | cut -d= -f2)" ;; esac; done\n',
      { mode: 0o755 },
    );
    const line = '"$@" --files-from=<(echo from bash) unix%x: b';
    const env = { PATH: `${bin()}:${process.env.PATH}`, HOME: dir };
    expect(await run(['bash', '-c', line, 'bash', ...vmssh, 'rsync'], { env })).toMatchObject({
      stdout: 'from bash\n',
    });
  });
});
