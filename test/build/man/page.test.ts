import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manPages } from '../../../build/man/page.js';
import { shownOn } from '../../../src/cli/command.js';
import { commands as all, commandsOn } from '../../../src/program/commands.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const commands = commandsOn('linux');
const pages = manPages(commands, 'linux', '2026-11-24');
const groff = ['groff', '-man', '-Kutf8', '-Tutf8', '-ww', '-P-cbou'];

describe('the man pages', () => {
  const dir = useTempDir();

  it('are one for each first word of a command, and an overview', () => {
    const firsts = new Set(commands.map(({ name }) => name.split(' ')[0]));
    expect(pages.map(({ file }) => file)).toEqual([
      'vmssh.1',
      ...[...firsts].map((first) => `vmssh-${first}.1`),
    ]);
  });

  it('have what is for Windows only there', () => {
    const on = (platform: NodeJS.Platform) => manPages(commandsOn(platform), platform, '2026-11-24');
    const names = (made: typeof pages) => made.map(({ file }) => file);
    const windows = ['vmssh-guid.1', 'vmssh-port.1', 'vmssh-service.1'];
    expect(names(on('win32'))).toEqual([...names(pages), ...windows]);
    const hvc = ['\\-\\-transport', '\\-\\-ssh\\fR', '\\-\\-host\\-prefix', 'hvc'];
    const nc = (made: typeof pages) => made.find(({ file }) => file === 'vmssh-nc.1')?.text ?? '';
    for (const word of hvc)
      expect({ word, shown: [nc(on('win32')), nc(pages)].map((text) => text.includes(word)) }).toEqual({
        ...{ word, shown: [true, false] },
      });
    expect(commandsOn('win32')).toEqual(all);
  });

  it('are found by the purpose of a group', () => {
    const page = pages.find(({ file }) => file === 'vmssh-config.1');
    expect(page?.text).toContain(
      'vmssh\\-config \\- let plain ssh use machine names: install, diff, uninstall\n',
    );
  });

  const sections = (text: string) => [...text.matchAll(/^\.SH (.*)$/gm)].map(([, name]) => name);

  it('have the sections that people look for', () => {
    const head = ['NAME', 'SYNOPSIS', 'DESCRIPTION'];
    const tail = ['EXAMPLES', 'EXIT STATUS', 'ENVIRONMENT', 'FILES', 'SEE ALSO'];
    for (const { file, text } of pages) {
      const found = sections(text);
      const expected = [...head, 'COMMANDS', 'TARGETS', 'OPTIONS', ...tail];
      expect({ file, found }).toEqual({ file, found: expected.filter((name) => found.includes(name)) });
      expect(found).toEqual(expect.arrayContaining([...head, 'EXAMPLES', 'EXIT STATUS', 'SEE ALSO']));
    }
  });

  it('have one line each in the overview', () => {
    const { text = '' } = pages[0] ?? {};
    const lines = text.split('\n').filter((line) => /^\.BR vmssh\\-\S+ \(1\)$/.test(line));
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.map((line) => line.replace(/^\.BR (.*) \((1)\)$/, '$1.$2').replaceAll('\\', ''))).toEqual(
      pages.slice(1).map(({ file }) => file),
    );
  });

  it('name every environment variable that users may set', () => {
    const documented = pages.map(({ text }) => text).join('');
    const read = new Set(
      sources().flatMap((text) => [...text.matchAll(/\benv\.([A-Z_]{3,})\b/g)].map(([, name = '']) => name)),
    );
    // Set by WSL, Windows, sudo, vmssh itself and whoever runs jobs, or ssh's and zsh's own; PATH is everybody's.
    const others =
      'PATH SSH_ASKPASS VMSSH_SOURCE VMSSH_CALLED_AS WSLENV WSL_DISTRO_NAME WSL_INTEROP PSMODULEPATH MSYSTEM SYSTEMROOT USERPROFILE LOCALAPPDATA CI ZDOTDIR SUDO_USER';
    for (const name of others.split(' ')) read.delete(name);
    expect([...read].filter((name) => !documented.includes(name))).toEqual([]);
  });

  it('put no space before an optional value', () => {
    for (const { text } of pages) expect(text).not.toMatch(/ \[=/);
    const nc = pages.find(({ file }) => file === 'vmssh-nc.1')?.text;
    expect(nc).toContain('\\fB\\-\\-wait\\fR[\\fB=\\fISECONDS\\fR]');
    expect(nc).toContain('\\fB\\-p\\fR, \\fB\\-\\-port\\fR \\fIPORT\\fR');
    expect(nc).toContain('vmssh\\-nc, vsock\\-nc \\- print');
  });

  it.skipIf(missingPrograms({ lexgrog: 'man-db', man: 'man-db' })).each(pages)(
    '$file is found by whatis, and shown by man without a warning',
    async ({ file, text }) => {
      const path = join(dir, file);
      writeFileSync(path, text);
      const { code, stdout } = await run(['lexgrog', path]);
      const name = file.replace(/\.1$/, '');
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(`: "${name} - `) });
      const env = { ...process.env, MANWIDTH: '80', MANROFFSEQ: '', LC_ALL: 'C.UTF-8' };
      expect(await run(['man', '--warnings', '-l', path], { env })).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it.skipIf(missingPrograms({ groff: 'groff' })).each(pages)(
    '$file is set without a warning',
    async ({ file, text }) => {
      const { code, stdout, stderr } = await run(groff, { input: text });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const plain = stdout.replaceAll(/\s+/g, ' ');
      const of = commands.filter(({ name }) => file === `vmssh-${name.split(' ')[0]}.1`);
      for (const { summary, options, examples } of of) {
        expect(plain).toContain(summary.slice(0, 20));
        for (const { long, value, optionalValue } of shownOn('linux', options))
          expect(plain).toContain(
            `--${long}${value === undefined ? '' : optionalValue ? `[=${value}]` : ` ${value}`}`,
          );
        for (const line of Object.keys(examples))
          expect(plain.replaceAll(' ', '')).toContain(line.replaceAll(' ', ''));
      }
    },
  );
});

function sources(): readonly string[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
  return files
    .filter((path) => path.endsWith('.ts') && !path.startsWith('demo'))
    .map((path) => readFileSync(`src/${path}`, 'utf8'));
}
