import { describe, expect, it } from 'vitest';
import { splitLines, splitTerminal } from '../../../src/guest/run/run-script.js';
import { leaveScript, leftFile, runLeft, sudoAsks } from '../../../src/guest/run/sudo.js';

describe('a sudo that asks', () => {
  it.each([
    { message: 'sudo: a password is required', asks: true },
    { message: 'sudo: interactive authentication is required', asks: true },
    { message: 'sudo: sorry, you must have a tty to run sudo', asks: true },
    { message: 'sudo: 3 incorrect password attempts', asks: false },
    { message: "env: 'sudo': No such file or directory", asks: false },
    { message: 'ann is not in the sudoers file.', asks: false },
  ])('$message: $asks', ({ message, asks }) => expect(sudoAsks(message)).toBe(asks));

  it.each([
    { message: '/tmp/tmp.aB3', file: '/tmp/tmp.aB3' },
    { message: 'mktemp: no space', file: undefined },
    { message: '/tmp/x; reboot', file: undefined },
  ])('the file that was left: $message', ({ message, file }) => expect(leftFile(message)).toBe(file));

  it('goes by two calls: the script first, then a terminal', () => {
    const options = {
      route: 'ssh',
      host: 'ann@web',
      script: 'S',
      needsRoot: true,
      self: ['/v'],
      platform: 'linux',
    } as const;
    expect(leaveScript(options)).toMatchObject({ input: 'S' });
    const run = runLeft(options, '/tmp/a');
    expect(run).toMatchObject({ input: undefined, terminal: true });
    expect(run.command.slice(-4, -1)).toEqual(['-t', '--', 'ann@web']);
  });
});

describe('lines', () => {
  const text = 'Hello\r\n[sudo] password for ann: \r\nok       systemd       it is\r\n';
  it.each(Array.from({ length: text.length }, (_, at) => at))('of a terminal, split at %i', (at) => {
    const lines: string[] = [];
    let shown = '';
    const take = splitTerminal(
      (line) => lines.push(line),
      (part) => {
        shown += part;
      },
    );
    take(text.slice(0, at));
    take(text.slice(at));
    expect(lines.at(-1)).toBe('ok       systemd       it is\r');
    expect(lines.slice(0, -1).join('') + shown).toHaveLength('Hello\r[sudo] password for ann: \r'.length);
  });

  it('are whole', () => {
    const lines: string[] = [];
    const take = splitLines((line) => lines.push(line));
    for (const part of ['a', 'b\nc', '\n', 'd']) take(part);
    expect(lines).toEqual(['ab', 'c']);
  });
});
