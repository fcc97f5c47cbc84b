import { describe, expect, it } from 'vitest';
import {
  asksTool,
  findOperands,
  givingOption,
  namesJump,
  optionsNameUser,
  type Paths,
} from '../../../src/commands/ssh/args.js';
import { asTarget } from '../../../src/kinds/kinds.js';
import { type SshTool, splitArgs } from '../../../src/ssh/split-args.js';

const isTarget = (text: string) => asTarget(text) !== undefined;
const args = (tool: SshTool, line: string) => splitArgs(tool, line.split(' '));
const find = (tool: SshTool, line: string, more: Partial<Paths> = {}) =>
  findOperands(tool, args(tool, line).operands, {
    platform: 'linux',
    isTarget,
    exists: () => false,
    ...more,
  });

describe('the machine among the arguments of ssh', () => {
  it.each([
    { line: '-p 22 mint ls', host: 'mint' },
    { line: 'ann@vsock/3', host: 'vsock/3', user: 'ann' },
    { line: 'unix/run/a@b.sock', host: 'unix/run/a@b.sock' },
    { line: 'ssh://ann@mint', host: 'mint', user: 'ann' },
    { line: 'ssh://vsock/3:2222 ls', host: 'vsock/3', port: '2222' },
  ])('$line', ({ line, host, user, port }) => {
    expect(find('ssh', line)).toEqual([{ at: 0, host, user, port, rest: '' }]);
  });

  it.each([
    { line: '-o User=ann mint', names: true },
    { line: '-ouser=ann mint', names: true },
    { line: '-l ann mint', names: true },
    { line: 'mint -l ann', names: true },
    { line: '-i l mint ls -l x', names: false },
  ])('the options of $line name a user: $names', ({ line, names }) =>
    expect(optionsNameUser('ssh', args('ssh', line))).toBe(names),
  );

  it.each(['-p 22', '-v', '--'])('%s has none', (line) => expect(find('ssh', line)).toEqual([]));
});

it.each<{ tool: SshTool; line: string; want: string | undefined }>([
  { tool: 'ssh', line: '-A vsock/3', want: '-A' },
  { tool: 'ssh', line: '-tvX vsock/3', want: '-tvX' },
  { tool: 'ssh', line: '-Ao User=a vsock/3', want: '-Ao User=a' },
  { tool: 'ssh', line: 'vsock/3 -oForwardAgent=yes', want: '-oForwardAgent=yes' },
  { tool: 'scp', line: '-o forwardx11trusted=yes a vsock/3:', want: '-o forwardx11trusted=yes' },
  { tool: 'scp', line: '-rA a vsock/3:', want: '-rA' },
  { tool: 'sftp', line: '-oPermitLocalCommand=yes vsock/3', want: '-oPermitLocalCommand=yes' },
  { tool: 'ssh', line: '-oForwardAgent=no -a -x -i X vsock/3', want: undefined },
  { tool: 'scp', line: '-X nrequests=3 a vsock/3:', want: undefined },
])('$tool $line gives a machine the use of this host by $want', ({ tool, line, want }) => {
  expect(givingOption(tool, args(tool, line))).toBe(want);
});

it.each<{ tool: SshTool; line: string; want: boolean }>([
  { tool: 'ssh', line: '-vJa mint', want: true },
  { tool: 'ssh', line: 'mint -J a ls', want: true },
  { tool: 'scp', line: '-oproxyjump=a x mint:', want: true },
  { tool: 'ssh', line: '-o ProxyJump=none mint', want: false },
  { tool: 'ssh', line: 'mint ls -J a', want: false },
  { tool: 'rsync', line: '-J x mint:', want: false },
])('$tool $line names a host to go through: $want', ({ tool, line, want }) => {
  expect(namesJump(tool, args(tool, line))).toBe(want);
});

describe('a question about the tool itself', () => {
  it.each<{ tool: SshTool; line: string; want: boolean }>([
    { tool: 'ssh', line: '-V', want: true },
    { tool: 'ssh', line: '-vV', want: true },
    { tool: 'ssh', line: '-Q cipher', want: true },
    { tool: 'ssh', line: '-Qcipher', want: true },
    { tool: 'ssh', line: '-V mint', want: false },
    { tool: 'ssh', line: 'mint ls -V', want: false },
    { tool: 'ssh', line: '-iV', want: false },
    { tool: 'rsync', line: '--version', want: true },
    { tool: 'rsync', line: '--version mint:', want: false },
    { tool: 'scp', line: '-V', want: false },
  ])('$tool $line: $want', ({ tool, line, want }) => expect(asksTool(tool, args(tool, line))).toBe(want));
});

it('a text of 100,000 colons is read in linear time', () => {
  const text = `${'a:'.repeat(50_000)}${':'.repeat(50_000)}`;
  expect(find('scp', `${text} .`)).toMatchObject([{ host: 'a', rest: text.slice(1) }]);
});

describe('the machines among the arguments of the others', () => {
  it.each<{ tool: SshTool; line: string; want: readonly string[] }>([
    { tool: 'scp', line: 'a b mint:/x', want: ['2 mint :/x'] },
    { tool: 'scp', line: '-P 22 ann@vsock/3:/x .', want: ['0 vsock/3 :/x'] },
    { tool: 'scp', line: 'vsock:3:/x .', want: ['0 vsock:3 :/x'] },
    { tool: 'scp', line: 'hvsock:LOOPBACK:vsock-22:/a:b:c .', want: ['0 hvsock:LOOPBACK:vsock-22 :/a:b:c'] },
    { tool: 'scp', line: 'unix:/run/x:/a:b .', want: ['0 unix:/run/x :/a:b'] },
    { tool: 'scp', line: 'qemu:session/web:/x .', want: ['0 qemu:session/web :/x'] },
    { tool: 'scp', line: '-o A=b:c -S x:y ./a:b mint:', want: ['1 mint :'] },
    { tool: 'scp', line: '/tmp/a:b :x mint:x', want: ['2 mint :x'] },
    { tool: 'scp', line: 'mint:a mint:b .', want: ['0 mint :a', '1 mint :b'] },
    { tool: 'scp', line: '-- -a:b mint:', want: ['0 -a :b', '1 mint :'] },
    { tool: 'scp', line: 'a b', want: [] },
    { tool: 'sftp', line: '-b x:y mint', want: ['0 mint '] },
    { tool: 'sftp', line: 'machine/web:/srv', want: ['0 machine/web :/srv'] },
    { tool: 'scp', line: 'scp://ann@mint:2222//etc/hosts .', want: ['0 mint :/etc/hosts'] },
    { tool: 'sftp', line: 'sftp://machine%web/srv', want: ['0 machine%web :srv'] },
    { tool: 'sftp', line: 'sftp://mint', want: ['0 mint :'] },
    { tool: 'rsync', line: '-a --exclude a:b -e ssh:x src/ mint:dst/', want: ['1 mint :dst/'] },
    { tool: 'rsync', line: '-ae x:y --exclude=c:d vsock/3:/x y', want: ['0 vsock/3 :/x'] },
  ])('$tool $line', ({ tool, line, want }) => {
    expect(find(tool, line).map(({ at, host, rest }) => `${at} ${host} ${rest}`)).toEqual(want);
  });

  it('may have a user and a port in a form of scp and sftp', () => {
    expect(find('scp', 'a scp://ann@mint:2222/b')).toMatchObject([{ user: 'ann', port: '2222' }]);
  });

  it('are not existing files', () => {
    const exists = (path: string) => path === 'mint:x';
    expect(find('scp', 'mint:x mint:y', { exists })).toMatchObject([{ at: 1 }]);
  });

  it.each([
    { line: 'hyper-v/mint:/etc/hosts C:\\new\\hosts', at: 0 },
    { line: 'd:/a c:b hyper-v/mint:', at: 2 },
  ])('are not drives of Windows: $line', ({ line, at }) => {
    expect(find('scp', line, { platform: 'win32' })).toMatchObject([{ at, host: 'hyper-v/mint' }]);
    expect(find('scp', line).length).toBeGreaterThan(1);
  });
});
