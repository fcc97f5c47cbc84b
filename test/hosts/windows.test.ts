import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configText } from '../../src/hosts/text.js';
import { proxyCommand, proxyWord } from '../../src/ssh/config/word.js';
import { lacks } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const without = lacks('ssh');

describe('a word of a ProxyCommand on Windows', () => {
  it.each([
    { text: 'C:\\Program Files\\vmssh\\vmssh.exe', want: '"C:/Program Files/vmssh/vmssh.exe"' },
    { text: 'C:\\vmssh.exe', want: '"C:/vmssh.exe"' },
    { text: 'C:\\100% ours\\vmssh.exe', want: '"C:/100%% ours/vmssh.exe"' },
    { text: '\\\\server\\share\\vmssh.exe', want: '"//server/share/vmssh.exe"' },
    { text: 'hyper-v/Mint', want: '"hyper-v/Mint"' },
    { text: 'proxy', want: 'proxy' },
  ])('$text is $want', ({ text, want }) => {
    expect(proxyWord(text, 'win32')).toBe(want);
  });

  // In double quotes, the only ones that Windows knows, sh expands them.
  it.each(['C:\\a$b\\vmssh.exe', 'C:\\a`b\\vmssh.exe'])('refuses %s', (text) => {
    const call = (platform: NodeJS.Platform) => proxyCommand({ program: [text], platform });
    expect(() => call('win32')).toThrow(/the shell of Git's ssh would expand \$ or a backquote/);
    expect(call('linux')).toContain('vmssh.exe');
  });
});

describe.skipIf(without)('the lines for Windows', () => {
  const folder = useTempDir();
  const ask = (host: string) => {
    const program = ['C:\\Program Files\\vmssh\\vmssh.exe'];
    writeFileSync(join(folder, 'config'), configText({ program, fdpass: false, platform: 'win32' }));
    const { stdout } = spawnSync('ssh', ['-G', '-F', join(folder, 'config'), host], { encoding: 'utf8' });
    return new Map(stdout.split('\n').map((line) => line.split(/ (.*)/s) as [string, string]));
  };

  it.each(['hyper-v/mint', 'hvsock/LOOPBACK/vsock-22', 'wsl/Debian'])(
    'lead %s to vmssh, by relay',
    (host) => {
      const options = ask(host);
      expect(options.get('proxycommand')).toBe(
        '"C:/Program Files/vmssh/vmssh.exe" proxy --typed "%n" "%h" %p',
      );
      expect(options.get('proxyusefdpass') ?? 'no').toBe('no');
    },
  );
});
