import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { prepare } from '../../../src/commands/ssh/call.js';
import { parseTarget } from '../../../src/kinds/parse.js';
import { type SshTool, splitArgs } from '../../../src/ssh/split-args.js';
import { version } from '../../../src/version.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe('the program that ssh calls, where Node runs vmssh ssh', () => {
  const dir = useTempDir();
  let executable: string;
  beforeAll(() => {
    mkdirSync(join(dir, 'linux-x64'));
    writeFileSync(join(dir, 'vmssh.js'), '');
    executable = join(realpathSync(dir), 'linux-x64/vmssh');
    writeFileSync(executable, `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
  });

  it.each<{ tool: SshTool; args: readonly string[]; runs: string }>([
    { tool: 'ssh', args: ['unix/run/x'], runs: 'proxy' },
    { tool: 'scp', args: ['a', 'unix/run/x:'], runs: 'proxy' },
    { tool: 'rsync', args: ['a', 'unix/run/x:'], runs: 'ssh' },
  ])('is the executable beside it: $tool', async ({ tool, args, runs }) => {
    const script = join(dir, 'vmssh.js');
    const { command } = await prepare(
      tool,
      { args: splitArgs(tool, args), waitSeconds: undefined, print: true },
      fakeIo({ self: ['/usr/bin/node', script] }),
      async (text) => ({ text, target: parseTarget(text) }),
    );
    const line = command.join(' ');
    expect(line).toMatch(new RegExp(`${executable}\\W+ ?\\W?${runs}\\b`));
    expect(line).not.toContain('vmssh.js');
  });
});
