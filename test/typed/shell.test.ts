import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setupScript } from '../../src/guest/script.js';
import {
  anyShellWord,
  offered,
  setAside,
  shellLine,
  shellOf,
  shellQuoted,
  shellWord,
  windowsQuoted,
} from '../../src/typed/shell.js';
import { findProgram, missingPrograms } from '../helpers/programs.js';
import { shell, shells } from '../helpers/shells.js';
import { useTempDir } from '../helpers/temp-dir.js';

const machine =
  'C:\\Program Files\\WindowsPowerShell\\Modules;C:\\WINDOWS\\system32\\WindowsPowerShell\\v1.0\\Modules';

describe('the shell on Windows', () => {
  it.each([
    ['cmd', { PSModulePath: machine }, 'cmd'],
    ['cmd without PowerShell', {}, 'cmd'],
    [
      'Windows PowerShell',
      { PSModulePath: `C:\\Users\\Jörg\\OneDrive\\Dokumente\\WindowsPowerShell\\Modules;${machine}` },
      'powershell',
    ],
    [
      'PowerShell 7, which keeps the folders of 5',
      {
        PSModulePath: `C:\\Users\\me\\Documents\\PowerShell\\Modules;C:\\Program Files\\PowerShell\\7\\Modules;C:\\Users\\me\\Documents\\WindowsPowerShell\\Modules;${machine}`,
      },
      'pwsh',
    ],
    ['Git Bash', { PSModulePath: machine, MSYSTEM: 'MINGW64' }, 'posix'],
  ])('$0', (_name, env, want) => expect(shellOf({ platform: 'win32', env })).toBe(want));

  it('is a POSIX one elsewhere', () => {
    expect(shellOf({ platform: 'linux', env: { PSModulePath: machine } })).toBe('posix');
  });
});

const dir = useTempDir();

const hostile = [
  ...['', ' ', "'", "''", `it's "me"`, '$(id)', '`id`', '$HOME', '\\', "\\'", 'a\nb', '\t', '*', '~', '-n'],
  ...['!!', '#', ';reboot', '&', '|', '%s', 'ünïcode', "'; rm -rf / #", '$' + '{x}', '\u007f'],
];

describe.each(shells)('$name', ({ command }) => {
  // A person pastes it with its quotes.
  it.each(hostile.filter((text) => !/[\n\t\u007f]/.test(text)))('reads the offered %j as it is', (text) => {
    expect(shell(command, `printf %s ${offered(text)}`)).toEqual({ code: 0, stdout: text, stderr: '' });
  });

  it.each(hostile)('reads %j as one word and as it is', (text) => {
    expect(shell(command, `printf %s. ${shellWord(text)}`).stdout).toBe(`${text}.`);
  });

  it('is how all keys and accounts get into a script', () => {
    const keys = hostile.filter((text) => !text.includes('\n') && text !== '');
    const script = setupScript({ port: 22, keys, account: "a'b" });
    const settings = script.slice(script.indexOf('\nR='), script.indexOf('\nPATH='));
    expect(shell(command, `${settings}\nprintf %s "$account $keys"`).stdout).toBe(`a'b ${keys.join('\n')}`);
  });
});

it('refuses a NUL', () => expect(() => shellWord('a\0b')).toThrow(RangeError));

describe('shellQuoted', () => {
  it.each([
    { input: 'a/b-c_1.2@%', want: 'a/b-c_1.2@%' },
    { input: 'a b', want: "'a b'" },
    { input: "a'b", want: "'a'\\''b'" },
    { input: '', want: "''" },
  ])('$input', ({ input, want }) => expect(shellQuoted(input)).toBe(want));
});

describe.each(shells)('a line for $name', ({ command }) => {
  it('has every word', () => {
    const args = ['printf', '%s.', ...hostile];
    expect(shell(command, shellLine(args)).stdout).toBe(hostile.map((text) => `${text}.`).join(''));
  });
});

describe('windowsQuoted', () => {
  it.each([
    { input: 'C:\\vmssh\\vmssh.exe', want: 'C:\\vmssh\\vmssh.exe' },
    { input: 'HKLM\\Windows NT', want: '"HKLM\\Windows NT"' },
    ...['a&b', 'a|b', '(a)', 'a^b', 'a;b', 'a,b', 'a>b', "it's", ''].map((input) => ({
      input,
      want: `"${input}"`,
    })),
  ])('$input', ({ input, want }) => expect(windowsQuoted(input)).toBe(want));
});

const loginShells = ['sh', 'bash', 'dash', 'ksh', 'zsh', 'tcsh', 'csh', 'fish', 'busybox'].filter(
  (name) => findProgram(name) !== undefined && missingPrograms({ [name]: name }) === undefined,
);

describe.each(loginShells)('as a login shell, %s', (name) => {
  const command = name === 'busybox' ? ['busybox', 'sh'] : [name];
  const texts = hostile.filter((text) => !/[\n\t\u007f]/.test(text));
  it('reads words for any shell as they are', () => {
    const line = `exec printf %s. ${[...texts, texts.join('')].map(anyShellWord).join(' ')}`;
    expect(shell(command, line).stdout).toBe([...texts, texts.join('')].map((text) => `${text}.`).join(''));
  });

  it('reads a command within a command within a command', () => {
    const inner = (words: readonly string[]) => words.map(anyShellWord).join(' ');
    const [program = '', ...args] = command;
    const twice = inner([
      ...[program, ...args, '-c', inner([program, ...args, '-c', inner(['printf', '%s.', ...texts])])],
    ]);
    expect(shell(command, twice).stdout).toBe(texts.map((text) => `${text}.`).join(''));
  });
});

it.each(['\0', '\n', '\r', '\u001b'])('is no word for any shell with %j in it', (text) =>
  expect(() => anyShellWord(`a${text}`)).toThrow(RangeError),
);

// cmd itself reads these in test/windows/commands/paste.test.ts. PowerShell is not in Debian: these are its documented rules.
describe('a word for a shell of Windows', () => {
  const proxy = 'ProxyCommand="C:/a b/vmssh.exe" proxy %p';
  it.each([
    { shell: 'cmd', input: 'C:\\a\\b.exe', want: 'C:\\a\\b.exe' },
    { shell: 'cmd', input: 'C:\\a b\\', want: '"C:\\a b\\\\"' },
    { shell: 'cmd', input: 'a & b', want: '"a & b"' },
    { shell: 'cmd', input: proxy, want: '^"ProxyCommand=\\^"C:/a b/vmssh.exe\\^" proxy ^%p^"' },
    { shell: 'powershell', input: "it's $HOME", want: "'it''s $HOME'" },
    { shell: 'powershell', input: 'typographic \u2019', want: "'typographic \u2019\u2019'" },
    { shell: 'powershell', input: proxy, want: `'ProxyCommand=\\"C:/a b/vmssh.exe\\" proxy %p'` },
    { shell: 'pwsh', input: proxy, want: `'${proxy}'` },
    { shell: 'pwsh', input: 'a@b', want: "'a@b'" },
  ] as const)('$shell: $input', ({ shell, input, want }) => expect(shellQuoted(input, shell)).toBe(want));

  it.each([
    { shell: 'posix', program: '/a b/x', want: "'/a b/x' list" },
    { shell: 'cmd', program: 'C:\\a b\\x.exe', want: '"C:\\a b\\x.exe" list' },
    { shell: 'powershell', program: 'C:\\a b\\x.exe', want: "& 'C:\\a b\\x.exe' list" },
    { shell: 'pwsh', program: 'C:\\a b\\x.exe', want: "& 'C:\\a b\\x.exe' list" },
    { shell: 'pwsh', program: 'C:\\x.exe', want: 'C:\\x.exe list' },
  ] as const)('$shell runs $program', ({ shell, program, want }) => {
    expect(shellLine([program, 'list'], shell)).toBe(want);
  });

  it.each([
    { shell: 'posix', want: "mv -i '/a b' '/a b.old' && then" },
    { shell: 'cmd', want: 'move "/a b" "/a b.old" && then' },
    { shell: 'powershell', want: "Move-Item -LiteralPath '/a b' '/a b.old' -ErrorAction Stop; then" },
  ] as const)('$shell sets a file aside', ({ shell, want }) => {
    expect(setAside('/a b', 'then', shell)).toBe(want);
  });
});

describe('a file that was set aside before', () => {
  it.each(shells)('is not overwritten unasked: $name', ({ name, command }) => {
    const file = join(dir, name);
    writeFileSync(file, 'now');
    writeFileSync(`${file}.old`, 'before');
    shell(command, `exec </dev/null; ${setAside(file, 'true')}`);
    expect([file, `${file}.old`].map((path) => readFileSync(path, 'utf8'))).toEqual(['now', 'before']);
  });
});

it('a text is offered in double quotes if it is plain', () => {
  expect([offered('a b'), offered('$(id)'), offered("it's $5", 'pwsh')]).toEqual([
    '"a b"',
    "'$(id)'",
    "'it''s $5'",
  ]);
});
