import { describe, expect, it } from 'vitest';
import { shellOf } from '../../src/address/shell.js';

const machine =
  'C:\\Program Files\\WindowsPowerShell\\Modules;C:\\WINDOWS\\system32\\WindowsPowerShell\\v1.0\\Modules';

describe('the shell on Windows', () => {
  it.each([
    { name: 'cmd', env: { PSModulePath: machine }, want: 'cmd' },
    { name: 'cmd without PowerShell', env: {}, want: 'cmd' },
    {
      name: 'Windows PowerShell',
      env: { PSModulePath: `C:\\Users\\Jörg\\OneDrive\\Dokumente\\WindowsPowerShell\\Modules;${machine}` },
      want: 'powershell',
    },
    {
      name: 'PowerShell 7, which keeps the folders of 5',
      env: {
        PSModulePath: `C:\\Users\\me\\Documents\\PowerShell\\Modules;C:\\Program Files\\PowerShell\\7\\Modules;C:\\Users\\me\\Documents\\WindowsPowerShell\\Modules;${machine}`,
      },
      want: 'pwsh',
    },
    { name: 'Git Bash', env: { PSModulePath: machine, MSYSTEM: 'MINGW64' }, want: 'posix' },
  ])('$name', ({ env, want }) => expect(shellOf({ platform: 'win32', env })).toBe(want));

  it('is a POSIX one elsewhere', () => {
    expect(shellOf({ platform: 'linux', env: { PSModulePath: machine } })).toBe('posix');
  });
});
