import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import wsl from '../../../src/guest/sh/init/init.sh';
import facts from '../../../src/guest/sh/parts/facts.sh';
import files from '../../../src/guest/sh/parts/files.sh';
import home from '../../../src/guest/sh/parts/home.sh';
import report from '../../../src/guest/sh/parts/report.sh';
import undo from '../../../src/guest/sh/parts/undo.sh';
import write from '../../../src/guest/sh/parts/write.sh';
import { stamp } from '../../../src/guest/units.js';
import { shell, shells } from '../../helpers/shells.js';
import { eachRow } from '../../helpers/tables/rows.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
let count = 0;
let root: string;
beforeEach(() => {
  root = join(dir, `root ${++count}`);
  mkdirSync(join(root, 'etc'), { recursive: true });
});

describe.each(shells)('$name', ({ command }) => {
  const run = (script: string) =>
    shell(
      command,
      `set -u\nR="$1"\nscratch=$R\n${report}${files}${home}${write}${facts}${undo}\nsystemctl() { :; }\n${script}`,
      { args: [root] },
    );
  const path = (name: string) => join(root, name);
  const text = (name: string) => readFileSync(path(name), 'utf8');

  it('puts a file with its mark, the same that the units carry, and leaves no temporary one', () => {
    const { stdout, stderr } = run(
      `printf '[Unit]\\nA=%%i\\n' | { put units "$R/etc/a/b/x.socket" 640; echo "$put"; }`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'changed\n', stderr: '' });
    expect(text('etc/a/b/x.socket')).toBe(stamp('[Unit]\nA=%i\n'));
    expect(statSync(path('etc/a/b/x.socket')).mode & 0o777).toBe(0o640);
    expect(readdirSync(path('etc/a/b'))).toEqual(['x.socket']);
  });

  eachRow({
    'without a file': { was: undefined, now: '[boot]\nsystemd=true\n' },
    'with other settings': {
      was: '[network]\ngenerateHosts=false',
      now: '[network]\ngenerateHosts=false\n[boot]\nsystemd=true\n',
    },
    'with systemd': { was: '[boot]\nsystemd = True\n', now: undefined },
    'with a section of its own': { was: '[boot]\ncommand=service ssh start\n', now: undefined },
  })('turns systemd on in WSL2 $name, and undoes it', ({ was, now }) => {
    for (const folder of ['proc/1', 'proc/sys/kernel', 'run/WSL'])
      mkdirSync(path(folder), { recursive: true });
    writeFileSync(path('proc/sys/kernel/osrelease'), '6.6.87.2-microsoft-standard-WSL2\n');
    writeFileSync(path('proc/1/comm'), 'init\n');
    if (was !== undefined) writeFileSync(path('etc/wsl.conf'), was);
    const { stdout, stderr } = run(`${wsl}\nas() { shift; "$@"; }\n(turn_on_systemd; echo "goes on")`);
    expect(stderr).toBe('');
    if (now === undefined) {
      expect(stdout).toBe('goes on\n');
      expect(text('etc/wsl.conf')).toBe(was);
      return;
    }
    expect(stdout).toMatch(
      /^changed +systemd .*\nfailed +systemd +it takes effect .*\nhint +systemd +in Windows: wsl --shutdown/,
    );
    expect(stdout).not.toContain('goes on');
    expect(text('etc/wsl.conf')).toBe(now);
    run('as() { shift; "$@"; }\nundo_all');
    if (was === undefined) expect(existsSync(path('etc/wsl.conf'))).toBe(false);
    else expect(text('etc/wsl.conf')).toBe(was);
  });

  it('puts the mark after the first line of a script', () => {
    run(`printf '#!/bin/sh\\necho\\n' | put x "$R/etc/s" 755`);
    expect(text('etc/s')).toBe(stamp('#!/bin/sh\necho\n'));
    expect(text('etc/s').startsWith('#!/bin/sh\n# vmssh-guest ')).toBe(true);
  });

  eachRow({
    'the same of ours': { was: stamp('A=1\n'), says: 'ok', now: stamp('A=1\n') },
    'an older one of ours': { was: stamp('A=0\n'), says: 'changed', now: stamp('A=1\n') },
    'one of ours that was edited': {
      was: `${stamp('A=0\n')}B=2\n`,
      says: 'failed',
      now: `${stamp('A=0\n')}B=2\n`,
    },
    'a foreign one': { was: 'A=0\n', says: 'failed', now: 'A=0\n' },
    'an empty one': { was: '', says: 'failed', now: '' },
  })('meets $name', ({ was, says, now }) => {
    writeFileSync(path('etc/f'), was);
    const { stdout } = run(`printf 'A=1\\n' | { put step "$R/etc/f" 644 && echo "$put"; }`);
    expect(stdout.split(/\s/)[0]).toBe(says);
    expect(text('etc/f')).toBe(now);
  });

  it('treats a link as somebody else’s', () => {
    symlinkSync('/dev/null', path('etc/masked'));
    expect(run(`echo A=1 | put step "$R/etc/masked" 644`).stdout).toMatch(/^failed +step/);
    symlinkSync('nowhere', path('etc/dangling'));
    expect(run(`echo A=1 | put step "$R/etc/dangling" 644`).stdout).toMatch(/^failed +step/);
  });

  it.each([
    { name: 'a file', was: 'a\nb\n', with: 'a\nb\nX Y\n' },
    { name: 'a file without a last newline', was: 'a\nb', with: 'a\nb\nX Y\n' },
    { name: 'an empty file', was: '', with: 'X Y\n' },
  ])('adds a line to $name and gives back its bytes', ({ was, with: then }) => {
    writeFileSync(path('etc/hosts'), was);
    chmodSync(path('etc/hosts'), 0o604);
    expect(run('add_lines root "$R/etc/hosts" 644 "X Y"').stderr).toBe('');
    expect(text('etc/hosts')).toBe(then);
    expect(statSync(path('etc/hosts')).mode & 0o777).toBe(0o604);
    expect(run('undo_all').stdout).toMatch(/is what it was/);
    expect(text('etc/hosts')).toBe(was);
    expect(statSync(path('etc/hosts')).mode & 0o777).toBe(0o604);
    expect(existsSync(path('var/lib/vmssh'))).toBe(false);
  });

  it('takes only its own lines from a file that others changed meanwhile', () => {
    writeFileSync(path('etc/hosts'), 'a\n');
    run(
      'add_lines root "$R/etc/hosts" 644 "X Y"; add_lines root "$R/etc/hosts" 644 "Z"; echo more >>"$R/etc/hosts"',
    );
    expect(run('undo_all').stdout).toMatch(/lost our lines/);
    expect(text('etc/hosts')).toBe('a\nmore\n');
  });

  it.each([
    { name: 'a file that was there', was: 'a\n', left: 'a\nmore\n' },
    { name: 'a file that it made', was: undefined, left: 'more\n' },
  ])('keeps what others added between two runs: $name', ({ was, left }) => {
    if (was !== undefined) writeFileSync(path('etc/hosts'), was);
    run('add_lines root "$R/etc/hosts" 644 "X Y"; echo more >>"$R/etc/hosts"');
    run('add_lines root "$R/etc/hosts" 644 "Z"; add_lines root "$R/etc/hosts" 644 "Z 2"');
    expect(text('etc/hosts')).toBe(`${was ?? ''}X Y\nmore\nZ\nZ 2\n`);
    expect(run('undo_all').stdout).toMatch(/lost our lines/);
    expect(text('etc/hosts')).toBe(left);
  });

  it('removes a file again that somebody removed between two runs', () => {
    run('add_lines root "$R/etc/new" 644 "X Y"; rm "$R/etc/new"; add_lines root "$R/etc/new" 644 "Z"');
    expect(text('etc/new')).toBe('Z\n');
    run('undo_all');
    expect(readdirSync(path('etc'))).toEqual([]);
  });

  it('removes a file that it made, and a folder if it is empty', () => {
    run(
      'add_lines root "$R/etc/new" 600 one; add_lines root "$R/etc/new" 600 two; echo A | put x "$R/etc/d/e/f" 644',
    );
    expect(text('etc/new')).toBe('one\ntwo\n');
    expect(statSync(path('etc/new')).mode & 0o777).toBe(0o600);
    run('undo_all');
    expect(readdirSync(path('etc'))).toEqual([]);
  });

  it('follows a link to its file', () => {
    writeFileSync(path('etc/real'), 'a\n');
    symlinkSync('real', path('etc/hosts'));
    run('add_lines root "$R/etc/hosts" 644 b');
    expect(text('etc/real')).toBe('a\nb\n');
    run('undo_all');
    expect([text('etc/real'), readdirSync(path('etc')).sort()]).toEqual(['a\n', ['hosts', 'real']]);
  });

  it('keeps the journal if that has a step that it does not know', () => {
    run('add_lines root "$R/etc/new" 644 "X Y"; note sometime-later /etc/x');
    const undone = run('undo_all').stdout;
    expect(undone).toMatch(
      /^failed +undo +the journal has the step "sometime-later", of another version of vmssh$/m,
    );
    expect(undone).toMatch(/etc\/new removed$/m);
    expect(text('var/lib/vmssh/done')).toContain('sometime-later\t/etc/x\t\n');
  });

  it('undoes nothing twice, and keeps the journal if something could not be undone', () => {
    run('echo A | put x "$R/etc/f" 644; echo "B" >>"$R/etc/f"');
    expect(run('undo_all').stdout).toMatch(/^failed +undo .*changed after vmssh wrote it/);
    expect(existsSync(path('var/lib/vmssh/done'))).toBe(true);
    expect(run('rm "$R/etc/f"; undo_all; undo_all').stdout).toMatch(
      /gone already\n.*vmssh has set up nothing here\n$/,
    );
  });
});
