import { describe, expect, it } from 'vitest';
import { UsageError, understand } from '../../../src/cli/command.js';
import { open } from '../../../src/commands/open/open.js';
import { parseOperand } from '../../../src/commands/open/operand.js';
import { fakeIo } from '../../helpers/fake-io.js';

describe('the operand of open', () => {
  it.each([
    ['mint', { user: undefined, machine: 'mint', path: undefined }],
    ['ann@mint:/home/ann', { user: 'ann', machine: 'mint', path: '/home/ann' }],
    ['mint:/a:/b', { user: undefined, machine: 'mint', path: '/a:/b' }],
    ['root@vsock/3:/etc', { user: 'root', machine: 'vsock/3', path: '/etc' }],
    ['vsock:3', { user: undefined, machine: 'vsock:3', path: undefined }],
    ['vsock:3:/etc', { user: undefined, machine: 'vsock:3', path: '/etc' }],
    ['machine/web:/srv', { user: undefined, machine: 'machine/web', path: '/srv' }],
    ['unix:/run/x.sock', { user: undefined, machine: 'unix:/run/x.sock', path: undefined }],
    ['unix/run/x.sock:/srv', { user: undefined, machine: 'unix/run/x.sock', path: '/srv' }],
    ['vsock-mux:/run/fc/v.sock:/srv', { user: undefined, machine: 'vsock-mux:/run/fc/v.sock', path: '/srv' }],
  ])('%s', (text, want) => {
    expect(parseOperand(text)).toEqual(want);
  });

  it.each([
    ['mint:src', 'expected an absolute path in the machine, as /home/ann/src, got "src"'],
    ['mint:', 'expected an absolute path in the machine, as /home/ann/src, got nothing'],
    [`mint:/a\u001b[2J`, 'expected an absolute path in the machine, as /home/ann/src, got "/a\\x1b[2J"'],
    ['mint:/caf\udce9', 'expected a path in UTF-8, since editors take it in a URL, got "/caf\\u{dce9}"'],
    [':/srv', 'expected [user@]TARGET[:PATH], got ":/srv"'],
    ['', 'expected [user@]TARGET[:PATH], got ""'],
  ])('refuses %j', (text, message) => {
    expect(() => parseOperand(text)).toThrow(new UsageError(message));
  });

  it('can be long', () => {
    expect(parseOperand(`m${':/x'.repeat(100_000)}`).machine).toBe('m');
  });
});

describe('the arguments of open', () => {
  const parse = (positionals: readonly string[], options = {}) =>
    understand(open, { positionals, options }, fakeIo());

  it('are a target with its path, also apart', () => {
    expect(parse(['unix:/run/x.sock'], { path: '/srv', in: 'zed' })).toEqual({
      operand: { user: undefined, machine: 'unix:/run/x.sock', path: '/srv' },
      editor: 'zed',
      print: false,
      json: false,
    });
  });

  it.each([
    [[], {}, 'expected [user@]TARGET[:PATH], or --list, got nothing'],
    [['mint:/a'], { path: '/b' }, 'the path is given twice: after the target and by --path'],
    [['mint'], { list: true }, 'expected no argument with --list, got "mint"'],
    [
      ['mint'],
      { in: 'vi' },
      '--in takes one of code, code-insiders, codium, cursor, windsurf, zed, nautilus, not "vi"',
    ],
    [[], { list: true, in: 'zed' }, '--list and --in cannot be used together'],
    [['-x@mint'], {}, 'the user name "-x" begins with "-"; ssh refuses it too'],
  ])('refuses %j %j', (positionals, options, message) => {
    expect(() => parse(positionals, options)).toThrow(new UsageError(message));
  });

  it('have --json only for the list', () => {
    expect(() => parse(['mint'], { json: true })).toThrow(
      new UsageError('--json prints the list of editors', 'vmssh open --list --json'),
    );
  });
});
