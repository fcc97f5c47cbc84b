import { describe, expect, it } from 'vitest';
import { takesTerminal, trySsh } from '../../src/checks/users-ssh.js';
import { fakeIo } from '../helpers/fake-io.js';
import { lacks } from '../helpers/programs.js';

describe('a session that prints', () => {
  it.skipIf(lacks('ssh'))('is said to be what is waited for', async () => {
    const stages: string[] = [];
    const words = () => ['sh', '-c', 'echo welcome'];
    const login = {
      host: 'x',
      sshConfig: '/dev/null',
      words,
      onStage: (stage: string) => stages.push(stage),
    };
    await trySsh(login, fakeIo({ env: process.env }), new AbortController().signal);
    expect(stages).toEqual(['waiting for the start files of the shell there']);
  });

  it.each([
    { of: 'tmux 3.3', text: '\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\x1b[H\x1b[2J', takes: true },
    { of: 'fish 3.6', text: 'Welcome to fish\r\n\x1b[?2004h\x1b]0;~\x07', takes: true },
    { of: 'bash 5.2', text: '\x1b[?2004hroot@mint:~# ', takes: true },
    { of: 'one that asks which terminal it is', text: '\x1b[c', takes: true },
    { of: 'the same, by the longer question', text: '\x1b[>0c', takes: true },
    { of: 'a text in colours', text: '\x1b[H\x1b[2J\x1b[1;31mwelcome\x1b[0m\r\n', takes: false },
    { of: 'a wheel that turns', text: '\x1b[?25l|\b/\b-\x1b[?25h', takes: false },
    // xterm's resize waits 10 s for the answer, then ends.
    { of: 'one that asks how large it is', text: '\x1b7\x1b[r\x1b[999;999H\x1b[6n', takes: false },
  ])('takes the terminal or not: $of', ({ text, takes }) => {
    expect(takesTerminal.test(text)).toBe(takes);
  });
});
