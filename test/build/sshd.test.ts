import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isLinuxTarget, thisSystem, toolPrefix } from '../../native/build-flags.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();

it.each(['linux-x64', 'linux-arm64'].filter(isLinuxTarget))(
  'without a compiler for %s, build:sshd names it, and how to build for this processor alone',
  async (target) => {
    const script = join(import.meta.dirname, '../../build/sshd/all.js');
    const options = { env: { ...process.env, PATH: dir } };
    const { code, stderr } = await run([process.execPath, script, '--target', target], options);
    const [first, hint] = stderr.trimEnd().split('\n');
    expect(code).toBe(1);
    expect(first).toBe(`${toolPrefix(target)}gcc is not installed, and ${target} needs it`);
    const one = `; or for this processor alone: npm run build:sshd -- --target ${thisSystem}`;
    expect(hint).toMatch(/^hint: apt-get install g\+\+/);
    expect(hint?.endsWith(one)).toBe(target !== thisSystem);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  },
);
