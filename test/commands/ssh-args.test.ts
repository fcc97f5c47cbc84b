import { describe, expect, it } from 'vitest';
import { asksTool, findOperands, type Paths, type Tool } from '../../src/commands/ssh-args.js';
import { parseTarget } from '../../src/target/parse.js';

function isTarget(text: string): boolean {
  try {
    parseTarget(text);
    return true;
  } catch {
    return false;
  }
}

const find = (tool: Tool, line: string, more: Partial<Paths> = {}) =>
  findOperands(tool, line.split(' '), { platform: 'linux', isTarget, exists: () => false, ...more });

describe('the machine among the arguments of ssh', () => {
  it.each([
    { line: 'mint', host: 'mint', optionsAt: 1 },
    { line: 'ann@vsock/3', host: 'vsock/3', user: 'ann@', optionsAt: 1, hasUser: true },
    { line: '-p 22 mint', host: 'mint', optionsAt: 3 },
    { line: '-4vtp22 mint uptime', host: 'mint', optionsAt: 2 },
    { line: '-vp 22 mint -L 1:b:2 -N', host: 'mint', optionsAt: 6 },
    { line: '-o User=ann mint', host: 'mint', optionsAt: 3, hasUser: true },
    { line: '-ouser=ann mint', host: 'mint', optionsAt: 2, hasUser: true },
    { line: '-l ann mint', host: 'mint', optionsAt: 3, hasUser: true },
    { line: '-i l mint ls -l x', host: 'mint', optionsAt: 3 },
    { line: '-- mint ls', host: 'mint', optionsAt: 0 },
    { line: 'mint -- ls -p', host: 'mint', optionsAt: 1 },
    { line: 'mint -t -- ls', host: 'mint', optionsAt: 2 },
    { line: 'unix/run/a@b.sock', host: 'unix/run/a@b.sock', optionsAt: 1 },
    { line: 'ssh://ann@mint', host: 'mint', user: 'ann@', optionsAt: 1, hasUser: true },
  ])('$line', ({ line, host, user = '', optionsAt, hasUser = false }) => {
    const found = find('ssh', line);
    expect(found.operands).toMatchObject([{ host, user, rest: '' }]);
    expect(found).toMatchObject({ optionsAt, hasUser });
  });

  it('may have a port in an ssh:// form', () => {
    expect(find('ssh', 'ssh://vsock/3:2222 ls').operands).toMatchObject([{ host: 'vsock/3', port: '2222' }]);
  });

  it.each([
    { line: '-J a mint', jumps: true },
    { line: '-o ProxyJump=a mint', jumps: true },
    { line: '-o ProxyJump=none mint', jumps: false },
    { line: 'mint ls -J', jumps: false },
  ])('$line leads over another host: $jumps', ({ line, jumps }) =>
    expect(find('ssh', line)).toMatchObject({ jumps }),
  );

  it.each(['-p 22', '-v', '--'])('%s has none', (line) => expect(find('ssh', line).operands).toEqual([]));
});

describe('a question about the tool itself', () => {
  it.each<{ tool: Tool; line: string; want: boolean }>([
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
  ])('$tool $line: $want', ({ tool, line, want }) => expect(asksTool(tool, line.split(' '))).toBe(want));
});

describe('the machines among the arguments of the others', () => {
  it.each<{ tool: Tool; line: string; want: readonly string[] }>([
    { tool: 'scp', line: 'a b mint:/x', want: ['2 mint :/x'] },
    { tool: 'scp', line: '-P 22 ann@vsock/3:/x .', want: ['2 vsock/3 :/x'] },
    { tool: 'scp', line: 'vsock:3:/x .', want: ['0 vsock:3 :/x'] },
    { tool: 'scp', line: 'unix:/run/x:/a:b .', want: ['0 unix:/run/x :/a:b'] },
    { tool: 'scp', line: 'qemu:session/web:/x .', want: ['0 qemu:session/web :/x'] },
    { tool: 'scp', line: '-o A=b:c -S x:y ./a:b mint:', want: ['5 mint :'] },
    { tool: 'scp', line: '/tmp/a:b :x mint:x', want: ['2 mint :x'] },
    { tool: 'scp', line: 'mint:a mint:b .', want: ['0 mint :a', '1 mint :b'] },
    { tool: 'scp', line: '-- -a:b mint:', want: ['1 -a :b', '2 mint :'] },
    { tool: 'scp', line: 'a b', want: [] },
    { tool: 'sftp', line: '-b x:y mint', want: ['2 mint '] },
    { tool: 'sftp', line: 'machine/web:/srv', want: ['0 machine/web :/srv'] },
    { tool: 'scp', line: 'scp://ann@mint:2222//etc/hosts .', want: ['0 mint :/etc/hosts'] },
    { tool: 'sftp', line: 'sftp://machine%web/srv', want: ['0 machine%web :srv'] },
    { tool: 'sftp', line: 'sftp://mint', want: ['0 mint :'] },
    { tool: 'rsync', line: '-a --exclude a:b -e ssh:x src/ mint:dst/', want: ['6 mint :dst/'] },
    { tool: 'rsync', line: '-ae x:y --exclude=c:d vsock/3:/x y', want: ['3 vsock/3 :/x'] },
  ])('$tool $line', ({ tool, line, want }) => {
    expect(find(tool, line).operands.map(({ at, host, rest }) => `${at} ${host} ${rest}`)).toEqual(want);
  });

  it('may have a user and a port in a form of scp and sftp', () => {
    expect(find('scp', 'a scp://ann@mint:2222/b').operands).toMatchObject([{ user: 'ann@', port: '2222' }]);
  });

  it('are no files that are there', () => {
    const exists = (path: string) => path === 'mint:x';
    expect(find('scp', 'mint:x mint:y', { exists }).operands).toMatchObject([{ at: 1 }]);
  });

  it.each([
    { line: 'hyper-v/mint:/etc/hosts C:\\new\\hosts', at: 0 },
    { line: 'd:/a c:b hyper-v/mint:', at: 2 },
  ])('are no drives of Windows: $line', ({ line, at }) => {
    expect(find('scp', line, { platform: 'win32' }).operands).toMatchObject([{ at, host: 'hyper-v/mint' }]);
    expect(find('scp', line).operands.length).toBeGreaterThan(1);
  });
});
