import { describe, expect, it } from 'vitest';
import { toolCommands } from '../../../src/commands/ssh/ssh.js';
import { type SshTool, wordsOf } from '../../../src/ssh/split-args.js';
import { fakeIo } from '../../helpers/fake-io.js';

function parse(tool: SshTool, ...positionals: string[]) {
  const command = toolCommands.find(({ name }) => name === tool);
  const parsed = command?.parse({ positionals, options: {} }, fakeIo());
  const { before = [], after = [], operands } = parsed?.args ?? {};
  return { ...parsed, args: [wordsOf(before).join(' '), operands?.join(' '), wordsOf(after).join(' ')] };
}

describe('options of vmssh among those of another program', () => {
  it.each<{
    tool: SshTool;
    args: string[];
    waitMs?: number;
    start?: true;
    bring?: true;
    print?: boolean;
    left: string[];
  }>([
    { tool: 'ssh', args: ['--wait', 'mint', 'ls'], waitMs: 120000, left: ['', 'mint ls', ''] },
    {
      tool: 'ssh',
      args: ['-p', '22', '--wait=5', '-v', 'mint'],
      waitMs: 5000,
      left: ['-p 22 -v', 'mint', ''],
    },
    { tool: 'ssh', args: ['--wait=5', '--wait', 'mint'], waitMs: 120000, left: ['', 'mint', ''] },
    {
      tool: 'ssh',
      args: ['--start', 'mint', 'ls', '--start'],
      start: true,
      left: ['', 'mint ls --start', ''],
    },
    {
      tool: 'sftp',
      args: ['--bring-sshd', '-q', 'mint'],
      bring: true,
      left: ['-q', 'mint', ''],
    },
    { tool: 'ssh', args: ['--print-command', '--', 'mint'], print: true, left: ['', 'mint', ''] },
    {
      tool: 'ssh',
      args: ['mint', 'systemctl', 'start', '--wait', 'x'],
      left: ['', 'mint systemctl start --wait x', ''],
    },
    { tool: 'ssh', args: ['mint', 'ls', '--print-command'], left: ['', 'mint ls --print-command', ''] },
    { tool: 'ssh', args: ['-o', '--wait', 'mint'], left: ['-o --wait', 'mint', ''] },
    { tool: 'ssh', args: ['mint', '--', '--wait'], left: ['', 'mint --wait', ''] },
    { tool: 'scp', args: ['--wait', 'a', 'mint:'], waitMs: 120000, left: ['', 'a mint:', ''] },
    { tool: 'scp', args: ['a', '--print-command', 'mint:'], left: ['', 'a --print-command mint:', ''] },
    { tool: 'sftp', args: ['mint', '--wait'], left: ['', 'mint --wait', ''] },
    {
      tool: 'rsync',
      args: ['-a', '--wait=5', '--exclude', '--wait', 'a', 'm:'],
      waitMs: 5000,
      left: ['-a --exclude --wait', 'a m:', ''],
    },
    { tool: 'rsync', args: ['a', '--exclude', '--wait', 'm:'], left: ['', 'a m:', '--exclude --wait'] },
    { tool: 'rsync', args: ['--', 'a', '--print-command', 'm:'], left: ['', 'a --print-command m:', ''] },
  ])('end at the first operand: $tool $args', ({ tool, args, waitMs, start, bring, print = false, left }) => {
    expect(parse(tool, ...args)).toEqual({ args: left, waitMs, start, bring, print });
  });
});
