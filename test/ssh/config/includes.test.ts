import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { includedTexts } from '../../../src/ssh/config/includes.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe('what a configuration includes', () => {
  const home = useTempDir();
  const folder = join(home, '.ssh');
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  };
  write('.ssh/a.conf', 'A');
  write('.ssh/b.conf', 'B');
  write('.ssh/.hidden.conf', 'hidden');
  write('.ssh/vmssh.conf', 'ours');
  write('.ssh/conf.d/1/x', 'one');
  write('.ssh/conf.d/2/x', 'two');
  write('.ssh/circle', 'Include circle\nInclude circle\nInclude a.conf\n');
  write('.ssh/(odd) +$.conf', 'odd');
  write('elsewhere', 'there');
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  symlinkSync('/dev/zero', join(folder, 'zero'));

  it.each([
    { name: 'is in its folder', text: 'Include a.conf', want: ['A'] },
    {
      name: 'is below the home, or absolute',
      text: `include=~/elsewhere ${home}/.ssh/a.conf`,
      want: ['there', 'A'],
    },
    { name: 'is below the home by a token', text: 'Include %d/elsewhere', want: ['there'] },
    {
      name: 'has a variable and a token in its name',
      text: `Include \${NAME}.conf %h.conf`,
      want: ['B', 'odd', 'A'],
    },
    { name: 'fits a pattern', text: 'Include ?.conf', want: ['A', 'B'] },
    { name: 'fits one with brackets', text: 'Include [ab].conf', want: ['A', 'B'] },
    { name: 'fits a pattern of folders', text: 'Include conf.d/*/x', want: ['one', 'two'] },
    { name: 'is not vmssh.conf, nor hidden', text: 'Include *.conf', want: ['odd', 'A', 'B'] },
    { name: 'has characters of regular expressions', text: 'Include "(odd) +$.c*"', want: ['odd'] },
    {
      name: 'includes more, and itself',
      text: 'Host b\n  Include circle\r\n',
      want: expect.arrayContaining(['A']),
    },
    {
      name: 'is a FIFO, a device or a folder',
      text: 'Include pipe zero conf.d a.conf',
      want: ['', '', '', 'A'],
    },
    { name: 'is not there', text: 'Include none nowhere/*\n# Include a.conf', want: [''] },
  ])('is found if it $name', async ({ text, want }) => {
    expect(await includedTexts(text, folder, join(folder, 'vmssh.conf'), { NAME: 'b' })).toEqual(want);
  });
});
