import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepare } from '../../src/commands/ssh/call.js';
import { configText } from '../../src/hosts/text.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import { settingIn } from '../../src/process/ssh-program.js';
import { splitArgs } from '../../src/ssh/split-args.js';
import { fakeIo } from '../helpers/fake-io.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

/** What another program starts ssh with, as README.md explains it. */
interface Call {
  readonly program: string;
  readonly does: string;
  readonly argv: readonly string[];
  readonly user?: string;
  readonly sends: readonly string[];
}

const dir = useTempDir();
const calls: readonly Call[] = JSON.parse(readFileSync(join(import.meta.dirname, 'calls.json'), 'utf8'));
const missing = lacks('ssh');
const target = 'qemu/mint';
const machine = { name: 'mint', target, provider: 'qemu', status: 'running', also: [] } as const;

describe.skipIf(missing)(`ssh as other programs call it${missing ? `: ${missing}` : ''}`, () => {
  it.each(calls)('$program $does', async ({ argv: words, user, sends }) => {
    const argv = words.map((each) => each.replaceAll('HOME', dir));
    const config = join(dir, 'config');
    const program = ['/opt/vmssh'];
    const host = { host: 'mint', about: 'mint', options: { target, knownHosts: '~/x', user: 'dev' } };
    writeFileSync(config, configText({ program, fdpass: true, hosts: [host] }), { mode: 0o600 });
    const said = async (command: readonly string[]) => {
      const { code, stdout } = await run([...command.slice(0, 1), '-G', ...command.slice(1)]);
      expect(code).toBe(0);
      return stdout;
    };

    // By the lines of config install.
    const plain = await said(['ssh', '-F', config, ...argv]);
    expect(settingIn(plain, 'proxycommand')).toMatch(/\/opt\/vmssh.* proxy .*qemu\/mint/);
    expect(settingIn(plain, 'user')).toBe(user ?? 'dev');

    // By vmssh ssh in place of ssh: all else stays as it was typed.
    const bare = await said(['ssh', '-F', 'none', ...argv]);
    const { command } = await prepare(
      'ssh',
      { args: splitArgs('ssh', ['-F', 'none', ...argv]), waitMs: undefined, print: true },
      fakeIo({ env: { ...process.env, HOME: dir }, self: program }),
      async (text) => ({ text, target: parseTarget(target), machine }),
    );
    expect(others(await said(command))).toEqual(others(bare));
    expect(sends.length === 0 ? [] : command.slice(-sends.length)).toEqual(sends);
    expect(command.at(-sends.length - 1)).toMatch(/^(\w+@)?mint$/);
  });
});

/** What vmssh says of the machine and its host key. */
const ours =
  /^(proxy|canonicalize|checkhostip|hostkeyalias|host |stricthostkey|knownhosts|userknownhosts|globalknownhosts|hashknownhosts|updatehostkeys|verifyhostkeydns)/;

function others(settings: string): readonly string[] {
  return settings.split('\n').filter((line) => !ours.test(line));
}
