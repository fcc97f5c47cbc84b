import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
        ]
      : []),
    { name: 'ssh, asked for its version, and getent', args: ['config', 'print'] },
    { name: 'ssh to a hypervisor', args: ['proxy', 'via/hv1/unix/x', '22'] },
    { name: 'ssh, for its user', args: ['ssh', 'unix/x'] },
    { name: 'scp, for its user', args: ['scp', 'unix%x:a', 'b'] },
    { name: 'rsync, for its user', args: ['rsync', 'unix%x:a', 'b'] },
    { name: 'ssh, for a script', args: ['guest', 'check', 'unix/x'] },
  ])(
    'has stdin, stdout and stderr, and nothing that our caller left open: $name',
    async ({ args, wrapper = [] }) => {
      standIns();
      rmSync(seen(), { force: true });
      const secret = join(dir, 'secret');
      writeFileSync(secret, '');
      const open = Array.from({ length: 5 }, () => openSync(secret, 'r'));
      const env = { PATH: `${bin()}:/usr/bin:/bin`, HOME: dir };
      await run([...wrapper, ...vmssh, ...args], {
        env,
        keepOpen: true,
        stdio: ['pipe', 'pipe', 'pipe', ...open],
      });
      for (const each of open) closeSync(each);
      const lines = readFileSync(seen(), 'utf8').split('\n');
      const descriptors = lines.flatMap((line) => / (\d+) -> (.*)$/.exec(line)?.[1] ?? []);
      expect(lines.filter((line) => line.includes(secret))).toEqual([]);
      expect(descriptors).toEqual(expect.arrayContaining(['0', '1', '2']));
      // Node leaves those that come after a gap. 3 is the folder that ls reads.
      if (executable) expect(new Set(descriptors)).toEqual(new Set(['0', '1', '2', '3']));
    },
  );
});
