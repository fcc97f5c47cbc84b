import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../../src/base/native.js';
import { UsageError } from '../../../src/cli/command.js';
import { configPrint } from '../../../src/commands/config/print.js';
import { configText } from '../../../src/hosts/text.js';
import { everySshAbilities } from '../../../src/process/ssh-program.js';
import { knownHostsFile } from '../../../src/ssh/folder.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { lacks } from '../../helpers/programs.js';
import { named, useConfigHome } from './home.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = lacks('ssh');

const patterns = { ...named({ onlyPatterns: true }), system: false };

const home = useConfigHome();

describe('config print', () => {
  it('prints the lines for this program, with fd passing if there is an addon', async () => {
    const io = fakeIo({ env: { HOME: home.path }, self: ['/usr/bin/node', '/opt/a b/vmssh.js'] });
    expect(await configPrint.run(patterns, io)).toBe(0);
    const fdpass = loadAddon().addon !== undefined;
    const { platform } = io;
    const caller = { program: io.self, fdpass, platform, ...(await everySshAbilities(io)) };
    expect(io.stdout).toEqual([configText({ ...caller, keysFile: knownHostsFile(io.env) })]);
  });

  it.skipIf(noSsh)('writes them to a new file of its own, and over none', async () => {
    const io = fakeIo({ env: { HOME: home.path }, self: ['/usr/bin/node', '/opt/vmssh.js'] });
    const out = join(home.path, 'lines');
    expect(await configPrint.run({ ...patterns, out }, io)).toBe(0);
    expect(io.stdout).toEqual([]);
    expect(readFileSync(out, 'utf8')).toMatch(/^# vmssh: .*\n\n# vmssh says which host key/);
    await expect(configPrint.run({ ...patterns, out }, io)).rejects.toThrow(/lines.*EEXIST|lines.*exists/);
  });

  it.skipIf(noSsh)(
    'keeps what config install keeps; of a state that is missing, what the lines say',
    async () => {
      await home.install({
        ...named({ onlyPatterns: true }),
        fdpass: false,
        sshOptions: [{ keyword: 'User', value: 'root' }],
      });
      const printed = async () => {
        const to = home.io();
        await configPrint.run({ system: false }, to);
        return to.stdout.join('');
      };
      const own = readFileSync(home.own, 'utf8');
      expect(await printed()).toBe(own.slice(own.indexOf('# vmssh: ')));
      expect(await printed()).toContain('    User root\n');
      rmSync(home.state);
      expect(await printed()).toContain('User root');
      writeFileSync(home.state, '{"version":3}');
      await expect(printed()).rejects.toThrow(/version 3/);
    },
  );

  it('refuses a path that cannot be written there as wrong usage', async () => {
    const io = fakeIo({ env: { HOME: home.path }, self: ['/a\nb'] });
    await expect(configPrint.run(patterns, io)).rejects.toThrow(UsageError);
  });
});
