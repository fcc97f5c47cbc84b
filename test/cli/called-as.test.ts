import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { calledAs, type StartedAs } from '../../src/cli/called-as.js';
import { commandWords } from '../../src/cli/command.js';
import { pasteable } from '../../src/cli/message.js';
import { commands } from '../../src/program/commands.js';

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
const windows = {
  platform: 'win32',
  folder: 'C:\\Users\\ann',
  self: ['C:\\vm ssh\\vmssh.exe'],
} as const;

describe('how a person calls this program', () => {
  it.each<{ name: string; input: Input; want: string; nc: string }>([
    {
      name: 'by its name, if PATH has it',
      input: { self: ['/usr/lib/vmssh/vmssh'] },
      want: 'vmssh',
      nc: 'vsock-nc',
    },
    {
      name: 'by its path, if PATH has another',
      input: {},
      want: '/opt/vmssh',
      nc: 'vsock-nc',
    },
    { name: 'near by', input: { folder: '/opt' }, want: './vmssh', nc: 'vsock-nc' },
    {
      name: 'in a checkout',
      input: { self: checkout, folder: '/srv' },
      want: 'node dist/vmssh.js',
      nc: 'node dist/vsock-nc.js',
    },
    {
      name: 'as the other program of a checkout',
      input: { self: ['/usr/bin/node', '/srv/dist/vsock-nc.js'], folder: '/srv/dist' },
      want: 'node vmssh.js',
      nc: 'node vsock-nc.js',
    },
    {
      name: 'from outside of a checkout, by a node that is not in PATH',
      input: { self: checkout, env: {} },
      want: '/usr/bin/node /srv/dist/vmssh.js',
      nc: '/usr/bin/node /srv/dist/vsock-nc.js',
    },
    {
      name: 'with a blank in its path',
      input: { self: ['/usr/bin/node', '/my work/vmssh.js'] },
      want: "node '/my work/vmssh.js'",
      nc: "node '/my work/vsock-nc.js'",
    },
    {
      name: 'on Windows',
      input: { ...windows, env: { Path: 'C:\\Windows' } },
      want: '"C:\\vm ssh\\vmssh.exe"',
      nc: 'vsock-nc',
    },
    {
      name: 'on Windows, if PATH has it',
      input: { ...windows, env: { Path: 'C:\\Windows;C:\\vm ssh' } },
      want: 'vmssh',
      nc: 'vsock-nc',
    },
  ])('$name', ({ input, want, nc }) => {
    expect(call('vmssh', input)).toBe(want);
    expect(call('vsock-nc', input)).toBe(nc);
  });

  it('is found in the real file system', () => {
    const self = [process.execPath, fileURLToPath(new URL('../../dist/vmssh.js', import.meta.url))];
    expect(calledAs('vmssh', { self, env: process.env, platform: process.platform }, '/')).toMatch(
      /^(node|\S+) \S+\/dist\/vmssh\.js$/,
    );
  });
});

describe('a fix', () => {
  const dist = fileURLToPath(new URL('../../dist', import.meta.url));
  const io = { self: ['/x/node', `${dist}/vmssh.js`], env: {}, platform: 'linux' } as const;

  const here = process.cwd() === dirname(dist) ? 'dist' : dist;

  it.each([
    { input: 'see vmssh list', want: `see /x/node ${here}/vmssh.js list` },
    { input: 'see vsock-nc --help', want: `see /x/node ${here}/vsock-nc.js --help` },
    {
      input: 'vmssh nc X; vmssh ssh X',
      want: `/x/node ${here}/vmssh.js nc X; /x/node ${here}/vmssh.js ssh X`,
    },
    { input: '/opt/vmssh list', want: '/opt/vmssh list' },
    { input: 'what vmssh wrote, vmssh lists', want: 'what vmssh wrote, vmssh lists' },
    { input: 'install it again: npm install vmssh', want: 'install it again: npm install vmssh' },
    { input: 'vmssh.exe list', want: 'vmssh.exe list' },
  ])('can be pasted: $input', ({ input, want }) => expect(pasteable(input, io)).toBe(want));

  it('may name every command, and nothing else', () => {
    const words = commands.map(({ name }) => name.split(' ')[0]);
    expect([...new Set(words)].sort()).toEqual([...commandWords].sort());
  });
});
