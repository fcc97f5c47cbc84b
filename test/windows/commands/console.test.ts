import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { runOnWindows } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

const vmssh = programs['vmssh.exe'] ?? [];
const rows = ['Alpha', 'Beta', 'Gamma'].map(
  (name, i) => `86E0C1E9-782C-47E0-B7C2-99F8167F517${i}\t${name}\t2\n`,
);
/** Records of a console: virtual keys and characters. */
const keys = {
  down: '28:0',
  up: '26:0',
  enter: 'd:d',
  escape: '1b:1b',
  letters: '47:67 41:61 4d:6d',
};

describeWindows('vmssh on a console', () => {
  const file = (name: string) => join(workFolder(), name);
  beforeEach(() => {
    for (const name of ['console.log', 'ssh.args']) rmSync(file(name), { force: true });
    writeFileSync(file('machines.tsv'), rows.join(''));
    mkdirSync(file('own'), { recursive: true });
    cpSync(file('say.exe'), file('own/ssh.exe'));
  });

  const onConsole = (args: readonly string[], typed: readonly string[] = [], more = {}) => {
    const env = {
      ...process.env,
      FAKE_WMI: workFile('machines.tsv'),
      FAKE_SSH_ARGS: workFile('ssh.args'),
      HV_SSH_COMMAND: workFile('own\\ssh.exe'),
      CONSOLE_LOG: workFile('console.log'),
      CONSOLE_KEYS: typed.join(' '),
      ...more,
    };
    return runOnWindows([workFile('console.exe'), ...vmssh, ...args], { env });
  };
  const modes = () => readFileSync(file('console.log'), 'utf8').trimEnd().split('\n');

  it.each([
    { name: 'Down, Enter', typed: [keys.down, keys.enter], want: 'Beta' },
    { name: 'Up, Up, Up, Enter', typed: [keys.up, keys.up, keys.up, keys.enter], want: 'Alpha' },
    { name: 'letters, Enter', typed: [keys.letters, keys.enter], want: 'Gamma' },
  ])('picks a machine by $name', async ({ typed, want }) => {
    expect((await onConsole(['ssh'], typed)).code).toBe(0);
    expect(readFileSync(file('ssh.args'), 'utf8')).toMatch(new RegExp(`^hyper-v/${want}$`, 'm'));
  });

  it('ends with 130 by Ctrl-C', async () => {
    const list = ['list', '--watch', '--provider=hyper-v'];
    expect((await onConsole(list, [], { CONSOLE_CTRL_C: '1' })).code).toBe(130);
  });

  it('picks none by Escape', async () => {
    expect((await onConsole(['ssh'], [keys.escape])).code).toBe(130);
  });

  it.each([
    { name: 'a table', args: ['list', '--provider=hyper-v'], typed: [] },
    { name: 'the picker', args: ['ssh'], typed: [keys.escape] },
  ])('leaves the modes of the console as they were, after $name', async ({ args, typed }) => {
    const { stdout } = await onConsole(args, typed);
    expect(stdout).toContain('Alpha');
    const [before, after] = modes();
    expect(after).toBe(before);
  });
});
