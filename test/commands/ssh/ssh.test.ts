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
  it.each<
    [line: string, left: string[], more?: { waitMs?: number; start?: true; bring?: true; print?: true }]
  >([
    ['ssh --wait mint ls', ['', 'mint ls', ''], { waitMs: 120000 }],
    ['ssh -p 22 --wait=5 -v mint', ['-p 22 -v', 'mint', ''], { waitMs: 5000 }],
    ['ssh --wait=5 --wait mint', ['', 'mint', ''], { waitMs: 120000 }],
    ['ssh --start mint ls --start', ['', 'mint ls --start', ''], { start: true }],
    ['sftp --bring-sshd -q mint', ['-q', 'mint', ''], { bring: true }],
    ['ssh --print-command -- mint', ['', 'mint', ''], { print: true }],
    ['ssh mint systemctl start --wait x', ['', 'mint systemctl start --wait x', '']],
    ['ssh mint ls --print-command', ['', 'mint ls --print-command', '']],
    ['ssh -o --wait mint', ['-o --wait', 'mint', '']],
    ['ssh mint -- --wait', ['', 'mint --wait', '']],
    ['scp --wait a mint:', ['', 'a mint:', ''], { waitMs: 120000 }],
    ['scp a --print-command mint:', ['', 'a --print-command mint:', '']],
    ['sftp mint --wait', ['', 'mint --wait', '']],
    ['rsync -a --wait=5 --exclude --wait a m:', ['-a --exclude --wait', 'a m:', ''], { waitMs: 5000 }],
    ['rsync a --exclude --wait m:', ['', 'a m:', '--exclude --wait']],
    ['rsync -- a --print-command m:', ['', 'a --print-command m:', '']],
  ])('end at the first operand: %s', (line, left, more) => {
    const [tool, ...args] = line.split(' ');
    const none = { start: false, bring: false, print: false };
    expect(parse(tool as SshTool, ...args)).toEqual({ args: left, ...none, ...more });
  });
});
