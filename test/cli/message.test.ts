import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/base/errors.js';
import { commandWords, UsageError } from '../../src/cli/command.js';
import type { StartedAs } from '../../src/cli/failure.js';
import { calledAs, failureOf, pasteable } from '../../src/cli/failure.js';
import { explain } from '../../src/cli/rows.js';
import { stepTrace } from '../../src/cli/terminal.js';
import { commands } from '../../src/program/commands.js';
import { fakeIo } from '../helpers/fake-io.js';

describe('explain', () => {
  it.each<[name: string, error: unknown, want: string, code: number]>([
    [
      'a failure and its fix',
      new ConnectError('connect', 'vsock/3', { code: 'ENODEV', problem: 'why', hint: 'do' }),
      'vmssh: cannot connect to "vsock/3": why\nhint: do\n',
      1,
    ],
    [
      'a failure without a fix',
      new ConnectError('resolve', 'a', { code: 'NOT_FOUND', problem: 'why' }),
      'vmssh: cannot find "a": why\n',
      4,
    ],
    [
      'what a peer wrote, harmless',
      new ConnectError('handshake', 'a\x1b', {
        code: 'NO_BANNER',
        problem: '\x1b[2J',
        hint: '\u202e\n',
      }),
      'vmssh: no SSH server at "a\\x1b": \\x1b[2J\nhint: \\u{202e}\\x0a\n',
      3,
    ],
    [
      'wrong usage',
      new UsageError('expected HOST PORT, got "\x07"'),
      'vmssh: expected HOST PORT, got "\\x07"\nhint: see vmssh --help\n',
      2,
    ],
    [
      'a fault of our own',
      Object.assign(new Error('x'), { stack: 'Error: x\x1b\n    at y' }),
      'vmssh: a bug in vmssh: Error: x\\x1b\n    at y\n',
      1,
    ],
    ['what is not an error', 'text', 'vmssh: a bug in vmssh: text\n', 1],
  ])('prints $0 on stderr only', async (_name, error, want, code) => {
    const io = fakeIo();
    expect(await explain(error, io)).toBe(code);
    expect({ stderr: io.stderr.join(''), stdout: io.stdout }).toEqual({ stderr: want, stdout: [] });
  });

  it("uses the program's own name, and colours only on a terminal", async () => {
    const io = fakeIo({ program: 'vsock-nc', terminal: { stdin: false, stdout: false, stderr: true } });
    await explain(new UsageError('why'), io);
    expect(io.stderr.join('')).toBe(
      '\x1b[31mvsock-nc:\x1b[39m why\n  \x1b[2mhint:\x1b[22m see vsock-nc --help\n',
    );
  });
});

describe('stepTrace', () => {
  it('prints each step with the time since the previous one', () => {
    const io = fakeIo();
    const times = [0, 1.25, 101.25];
    const trace = stepTrace(io, () => times.shift() ?? Number.NaN);
    trace('parse', 'a\x1b');
    trace('resolve', 'b');
    expect(io.stderr).toEqual(['vmssh: parse       1.3 ms  a\\x1b\n', 'vmssh: resolve   100.0 ms  b\n']);
  });
});

it('an interruption is no bug', () => {
  const interrupted = new AbortController();
  interrupted.abort();
  expect(failureOf(interrupted.signal.reason, { program: 'vmssh' })).toEqual({
    message: 'interrupted',
    hint: undefined,
    exitCode: 130,
    stack: [],
    json: { code: 'INTERRUPTED', problem: 'interrupted', hint: undefined },
  });
});

it('too few descriptors are one cause, whichever file came too late, and have a fix', () => {
  const error = Object.assign(new Error("EMFILE: too many open files, open '/x/dist/rows.mjs'"), {
    ...{ code: 'EMFILE', syscall: 'open' },
  });
  expect(failureOf(error, { program: 'vmssh' })).toMatchObject({
    message: 'EMFILE: too many open files',
    hint: expect.stringMatching(/^raise ulimit -n /),
    json: { code: 'EMFILE' },
  });
});

it('anything else that is not known is one', () => {
  for (const error of [new Error('x'), new TypeError('x'), 'x', undefined])
    expect(failureOf(error, { program: 'vmssh' })).toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/^a bug in vmssh: /),
    });
});

type Input = Partial<StartedAs> & { readonly folder?: string };

/** Files by path, and where each leads to. */
const files: Readonly<Record<string, string>> = {
  '/usr/bin/node': '/usr/bin/node20',
  '/usr/bin/vmssh': '/usr/lib/vmssh/vmssh',
  '/usr/bin/vsock-nc': '/usr/lib/vmssh/vmssh',
  '/usr/lib/vmssh/vmssh': '/usr/lib/vmssh/vmssh',
  '/opt/vmssh': '/opt/vmssh',
  '/srv/dist/vmssh.js': '/srv/dist/vmssh.js',
  '/srv/dist/vsock-nc.js': '/srv/dist/vsock-nc.js',
  '/my work/vmssh.js': '/my work/vmssh.js',
  '/my work/vsock-nc.js': '/my work/vsock-nc.js',
  'C:\\vm ssh\\vmssh.exe': 'C:\\vm ssh\\vmssh.exe',
};
const call = (program: 'vmssh' | 'vsock-nc', { folder = '/home/ann', ...more }: Input) => {
  const here: StartedAs = { self: ['/opt/vmssh'], env: { PATH: '/bin:/usr/bin' }, platform: 'linux' };
  return calledAs(program, { ...here, ...more }, folder, (path) => files[path]);
};
const checkout = ['/usr/bin/node', '/srv/dist/vmssh.js'];
const windows = { platform: 'win32', folder: 'C:\\Users\\ann', self: ['C:\\vm ssh\\vmssh.exe'] } as const;

describe('how a person calls this program', () => {
  it.each<[name: string, input: Input, want: string, nc: string]>([
    ['by its name, if PATH has it', { self: ['/usr/lib/vmssh/vmssh'] }, 'vmssh', 'vsock-nc'],
    ['by its path, if PATH has another', {}, '/opt/vmssh', 'vsock-nc'],
    ['near by', { folder: '/opt' }, './vmssh', 'vsock-nc'],
    ['in a checkout', { self: checkout, folder: '/srv' }, 'node dist/vmssh.js', 'node dist/vsock-nc.js'],
    [
      'in the topmost folder, with the first slash',
      { self: checkout, folder: '/' },
      'node /srv/dist/vmssh.js',
      'node /srv/dist/vsock-nc.js',
    ],
    [
      'as the other program of a checkout',
      { self: ['/usr/bin/node', '/srv/dist/vsock-nc.js'], folder: '/srv/dist' },
      'node vmssh.js',
      'node vsock-nc.js',
    ],
    [
      'from outside of a checkout, by a node that is not in PATH',
      { self: checkout, env: {} },
      '/usr/bin/node /srv/dist/vmssh.js',
      '/usr/bin/node /srv/dist/vsock-nc.js',
    ],
    [
      'with a blank in its path',
      { self: ['/usr/bin/node', '/my work/vmssh.js'] },
      "node '/my work/vmssh.js'",
      "node '/my work/vsock-nc.js'",
    ],
    ['on Windows', { ...windows, env: { Path: 'C:\\Windows' } }, '"C:\\vm ssh\\vmssh.exe"', 'vsock-nc'],
    [
      'on Windows, from inside WSL',
      { ...windows, env: { Path: 'C:\\Windows', VMSSH_CALLED_AS: 'node dist/vmssh.js' } },
      'node dist/vmssh.js',
      'node dist/vmssh.js',
    ],
    [
      'on Windows, if PATH has it',
      { ...windows, env: { Path: 'C:\\Windows;C:\\vm ssh' } },
      'vmssh',
      'vsock-nc',
    ],
  ])('$0', (_name, input, want, nc) => {
    expect(call('vmssh', input)).toBe(want);
    expect(call('vsock-nc', input)).toBe(nc);
  });

  it('is found in the real file system', () => {
    const built = fileURLToPath(new URL('../../dist/vmssh.js', import.meta.url));
    const self = [process.execPath, built];
    const called = calledAs('vmssh', { self, env: process.env, platform: process.platform }, '/');
    expect(called).toMatch(/^\S+ (['"]?)\S.*\/dist\/vmssh\.js\1$/);
  });
});

describe('a fix', () => {
  const dist = fileURLToPath(new URL('../../dist', import.meta.url));
  const io = { self: ['/x/node', `${dist}/vmssh.js`], env: {}, platform: 'linux' } as const;

  const here = process.cwd() === dirname(dist) ? 'dist' : dist;

  it.each([
    ['see vmssh list', `see /x/node ${here}/vmssh.js list`],
    ['see vsock-nc --help', `see /x/node ${here}/vsock-nc.js --help`],
    ['vmssh nc X; vmssh ssh X', `/x/node ${here}/vmssh.js nc X; /x/node ${here}/vmssh.js ssh X`],
    ['/opt/vmssh list', '/opt/vmssh list'],
    ['what vmssh wrote, vmssh lists', 'what vmssh wrote, vmssh lists'],
    ['install it again: npm install vmssh', 'install it again: npm install vmssh'],
    ['vmssh.exe list', 'vmssh.exe list'],
    ['on hv1: see vmssh list', 'on hv1: see vmssh list'],
    ['wsl -d DISTRO vmssh ssh docker/x', 'wsl -d DISTRO vmssh ssh docker/x'],
  ])('can be pasted: $0', (input, want) => expect(pasteable(input, io)).toBe(want));

  it('may name every command, and nothing else', () => {
    const words = commands.map(({ name }) => name.split(' ')[0]);
    expect([...new Set(words)].sort()).toEqual([...commandWords].sort());
  });
});
