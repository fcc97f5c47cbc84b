import { describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/commands.js';
import { manPages } from '../../src/commands/man-page.js';
import { overview } from '../../src/commands/program.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';

const pages = manPages(commands, overview);
const groff = ['groff', '-man', '-Kutf8', '-Tutf8', '-ww', '-P-cbou'];

describe('the man pages', () => {
  it('are one for each first word of a command, and an overview', () => {
    const firsts = new Set(commands.map(({ name }) => name.split(' ')[0]));
    expect(pages.map(({ file }) => file)).toEqual([
      'vmssh.1',
      ...[...firsts].map((first) => `vmssh-${first}.1`),
    ]);
  });

  it('are found by what a group is for', () => {
    const page = pages.find(({ file }) => file === 'vmssh-config.1');
    expect(page?.text).toContain('vmssh\\-config \\- the lines for ssh\\(aqs own configuration\n');
  });

  it.skipIf(missingPrograms({ groff: 'groff' })).each(pages)(
    '$file is set without a warning',
    async ({ file, text }) => {
      const { code, stdout, stderr } = await run(groff, { input: text });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const plain = stdout.replaceAll(/\s+/g, ' ');
      const of = commands.filter(({ name }) => file === `vmssh-${name.split(' ')[0]}.1`);
      for (const { summary, options, examples } of of) {
        expect(plain).toContain(summary.slice(0, 20));
        for (const { long } of options) expect(plain).toContain(`--${long}`);
        for (const { line } of examples)
          expect(plain.replaceAll(' ', '')).toContain(line.replaceAll(' ', ''));
      }
    },
  );
});
