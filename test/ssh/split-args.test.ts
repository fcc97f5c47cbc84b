import { describe, expect, it } from 'vitest';
import { type SshTool, splitArgs, wordsOf } from '../../src/ssh/split-args.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';

const split = (tool: SshTool, line: string) => {
  const { before, after, operands } = splitArgs(tool, line.split(' '));
  return [wordsOf(before).join(' '), operands.join(' '), wordsOf(after).join(' ')];
};

describe("a tool's arguments are split as the tool splits them", () => {
  it.each<{ tool: SshTool; line: string; want: readonly [string, string, string] }>([
    { tool: 'ssh', line: 'mint', want: ['', 'mint', ''] },
    { tool: 'ssh', line: '-p 22 mint', want: ['-p 22', 'mint', ''] },
    { tool: 'ssh', line: '-4vtp22 mint uptime -p', want: ['-4vtp22', 'mint uptime -p', ''] },
    { tool: 'ssh', line: '-vp 22 mint -L 1:b:2 -N', want: ['-vp 22', 'mint', '-L 1:b:2 -N'] },
    { tool: 'ssh', line: '-i l mint ls -l x', want: ['-i l', 'mint ls -l x', ''] },
    { tool: 'ssh', line: '-v -- mint ls', want: ['-v', 'mint ls', ''] },
    { tool: 'ssh', line: 'mint -- ls -p', want: ['', 'mint ls -p', ''] },
    { tool: 'ssh', line: 'mint -t -- -x', want: ['', 'mint -x', '-t'] },
    { tool: 'ssh', line: 'mint ls -- -x', want: ['', 'mint ls -- -x', ''] },
    { tool: 'ssh', line: '-o -- mint', want: ['-o --', 'mint', ''] },
    { tool: 'ssh', line: '-v -p', want: ['-v -p', '', ''] },
    { tool: 'scp', line: '-P 22 a -r mint:', want: ['-P 22', 'a -r mint:', ''] },
    { tool: 'sftp', line: '-b x mint -v', want: ['-b x', 'mint -v', ''] },
    { tool: 'rsync', line: '-a a --delete -e x mint: -v', want: ['-a', 'a mint:', '--delete -e x -v'] },
    { tool: 'rsync', line: '--exclude a -- -b mint:', want: ['--exclude a', '-b mint:', ''] },
    { tool: 'rsync', line: '--exclude=a b mint:', want: ['--exclude=a', 'b mint:', ''] },
  ])('$tool $line', ({ tool, line, want }) => expect(split(tool, line)).toEqual(want));

  it('with the value of each option', () => {
    expect(splitArgs('ssh', ['-vlann', '-o', 'User=bob', 'mint', '-4']).before).toEqual([
      { words: ['-vlann'], name: 'l', value: 'ann' },
      { words: ['-o', 'User=bob'], name: 'o', value: 'User=bob' },
    ]);
    expect(splitArgs('rsync', ['--rsh=a=b', '--rsh', 'c', '--delete']).before).toEqual([
      { words: ['--rsh=a=b'], name: 'rsh', value: 'a=b' },
      { words: ['--rsh', 'c'], name: 'rsh', value: 'c' },
      { words: ['--delete'], name: 'delete' },
    ]);
  });

  it.skipIf(lacks('rsync'))('know every option of this rsync that takes a value', async () => {
    const { stdout } = await run(['rsync', '--help']);
    const help = [...stdout.matchAll(/--([a-z-]+)=/g)].map(([, name = '']) => name);
    const aliases = [...stdout.matchAll(/--[a-z-]+=.*\(aka --([a-z]+)\)/g)].map(([, name = '']) => name);
    const names = [...new Set([...help, ...aliases])];
    expect(names).toContain('rsh');
    expect(names.filter((name) => split('rsync', `--${name} a b`)[1] !== 'b')).toEqual([]);
  });
});
