import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printing } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { onTerminal } from '../../helpers/terminal.js';

const showsCursor = '\x1b[?25h';

describe.skipIf(lacks('script'))('Ctrl-C on a terminal', () => {
  const dir = useTempDir();
  const env = { ...process.env, CI: undefined, TERM: 'xterm', NO_COLOR: '1' };

  it('in check --wait says what was waited for', async () => {
    const path = join(dir, 'nothing.sock');
    let isTyped = false;
    const { code, stdout } = await onTerminal(
      [...vmssh, 'check', '--wait', `unix${path}`],
      /again in/,
      // A second one would end it at once.
      (type) => {
        if (!isTyped) type('\x03');
        isTyped = true;
      },
      env,
    );
    expect(code).toBe(130);
    const result = stdout.slice(stdout.lastIndexOf(showsCursor));
    expect(result).toContain(`✗ unix${path}: interrupted while waiting: no socket at ${path}`);
  });

  it('that ends ssh first leaves no line of the proxy', async () => {
    const [program, ...args] = [...vmssh, 'proxy', '--wait', `unix${join(dir, 'nothing.sock')}`, '22'];
    const gone = ['sh', '-c', 'true | "$0" "$@" | cat', program ?? '', ...args];
    const { stdout } = await onTerminal(gone, /never/, '', env);
    expect(stdout.slice(stdout.lastIndexOf(showsCursor))).not.toMatch(/vmssh|ssh went away/);
  });

  it('in the proxy ends it, with a cursor', async () => {
    const command = [...vmssh, 'proxy', '--wait', `unix${join(dir, 'nothing.sock')}`, '22'];
    expect(await onTerminal(command, /again in/, '\x03', env)).toMatchObject(printing(130, showsCursor));
  });
});
