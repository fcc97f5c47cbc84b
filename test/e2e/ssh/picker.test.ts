import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useMachined } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { type Answer, onTerminal } from '../../helpers/terminal.js';

const missing = lacks('script', 'ssh') ?? missingAddon();
/** The first ones of the list, whatever else runs on this host. */
const names = ['aaa-alpha', 'aaa-beta', 'aaa-漢字\x1b[31m'];
const asks = /(\d+) of \1: .*Which machine\? $/s;

describe.skipIf(missing)('vmssh ssh without a name', () => {
  const dir = useTempDir();
  const common = { class: 'vm', service: 'x', sshAddress: 'vsock/7' };
  const machined = useMachined(names.map((name, i) => ({ name, id: `${i}`.repeat(32), ...common })));
  const env = { ...process.env, HOME: dir, TERM: 'xterm', ...machined.env };

  /** Types on the picker's terminal; gives what it shows, the exit code, and whether the terminal is as before. */
  async function picked(answer: Answer, setUp = 'true') {
    const self = vmssh.map((word) => `'${word}'`).join(' ');
    const script = `${setUp}; stty -g > ${dir}/before
      sh -c 'echo $$ > ${dir}/pid; exec "$@"' sh ${self} ssh --print-command
      echo "exit code $?"; stty -g > ${dir}/after`;
    const { stdout } = await onTerminal(['sh', '-c', script], asks, answer, env);
    const restored = readFileSync(join(dir, 'before'), 'utf8') === readFileSync(join(dir, 'after'), 'utf8');
    const [, command = ''] = /(ssh .*)\r\n/.exec(stdout) ?? [];
    return { shown: stdout, command, code: Number(/exit code (\d+)/.exec(stdout)?.[1]), restored };
  }

  it.each([
    { name: 'Enter takes the first', keys: '', machine: 'machine/aaa-alpha' },
    { name: 'an arrow and Enter the second', keys: '\x1b[B', machine: 'machine/aaa-beta' },
    { name: 'a filter the one that matches', keys: 'BET', machine: 'machine/aaa-beta' },
  ])('$name', async ({ keys, machine }) => {
    const { command, code, restored, shown } = await picked(keys);
    expect({ code, restored }).toEqual({ code: 0, restored: true });
    expect(command).toContain(machine);
    const left = shown.slice(shown.lastIndexOf('\x1b[J') + '\x1b[J'.length);
    expect(left).toMatch(new RegExp(`^Which machine\\? ${machine.split('/')[1]}\r\n`));
    expect(shown).toMatch(/> aaa-alpha +machined +running/);
  });

  it('shows no control character of a name', async () => {
    const { shown } = await picked('');
    expect(shown).toContain('aaa-漢字\\x1b[31m');
    expect(shown).not.toContain('aaa-漢字\x1b');
  });

  it.each([
    { name: 'Esc', keys: '\x1b' },
    { name: 'Ctrl-C', keys: '\x03' },
    { name: 'Ctrl-D', keys: '\x04' },
  ])('is left by $name', async ({ keys }) => {
    expect(await picked(keys)).toMatchObject({ code: 130, restored: true, command: '' });
  });

  it.each([
    { signal: 'SIGTERM', code: 143 },
    { signal: 'SIGHUP', code: 129 },
  ] as const)('restores the terminal on $signal', async ({ signal, code }) => {
    const end = () => void process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')), signal);
    expect(await picked(end)).toMatchObject({ code, restored: true });
  });

  it('has no line that is wider than the terminal', async () => {
    const { shown, code } = await picked('', 'stty cols 20');
    expect(code).toBe(0);
    expect(shown).toMatch(/\d+ of \d+: [a-z ]*…/);
  });

  it('follows a window that gets narrower or wider', async () => {
    const sizes = [30, 100];
    const tty = () => readFileSync(join(dir, 'tty'), 'utf8').trim();
    const resize = (type: (text: string) => void) => {
      const columns = sizes.shift();
      if (columns === undefined) type('\r');
      else execFileSync('stty', ['-F', tty(), 'cols', `${columns}`]);
    };
    const { shown, code, restored } = await picked(resize, `tty > ${dir}/tty; stty cols 60`);
    expect({ code, restored, left: sizes }).toEqual({ code: 0, restored: true, left: [] });
    const helps = [...shown.matchAll(/\d+ of \d+: [a-zA-Z ,…]*/g)].map(([text]) => text.length);
    expect(helps).toEqual([59, 29, expect.any(Number)]);
    expect(shown).toMatch(/Esc to leave/);
  });

  it('uses no colours with NO_COLOR', async () => {
    const { shown } = await picked('', 'export NO_COLOR=1');
    expect(shown).not.toContain('\x1b[1m');
    expect((await picked('')).shown).toContain('\x1b[1m');
  });

  it('is a mistake in a pipe and on a dumb terminal, with what to type', async () => {
    const want = 'no machine given to ssh: expected [user@]TARGET';
    const piped = await run([...vmssh, 'ssh'], { env });
    expect(piped).toMatchObject({ code: 255, stdout: '' });
    expect(piped.stderr).toMatch(/^vmssh: no machine given .*\nhint: .*ssh NAME; for the names: .*list\n$/);
    const dumb = await onTerminal([...vmssh, 'ssh'], /^never$/, '', { ...env, TERM: 'dumb' });
    expect(dumb.stdout).toContain(want);
    expect(dumb.code).toBe(255);
  });
});
