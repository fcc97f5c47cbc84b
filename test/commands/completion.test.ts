import { describe, expect, it } from 'vitest';
import type { RawArgs } from '../../src/commands/command.js';
import { commands } from '../../src/commands/commands.js';
import { complete } from '../../src/commands/complete.js';
import { completion, printCompletions } from '../../src/commands/completion.js';
import { completionScripts, shells } from '../../src/commands/completion-scripts.js';
import type { ListedMachine } from '../../src/discovery/merge.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { fakeIo } from './fake-io.js';

const machine = (name: string, target: string): ListedMachine => ({
  ...{ name, target, status: 'running', provider: 'p', also: [] },
});
const live = {
  machines: async () => [
    machine('mint', 'qemu/mint'),
    machine('Web 1', 'machine/Web 1'),
    machine('$(reboot)', 'lima/$(reboot)'),
  ],
  providers: async () => ['libvirt', 'lima'],
};
const words = async (line: string) =>
  (await complete(line.split(' '), commands, live)).map(({ word }) => word);

describe('completion', () => {
  it.each([
    { line: 'con', want: ['config'] },
    { line: 'config ', want: ['install', 'uninstall', 'diff', 'print'] },
    { line: 'config un', want: ['uninstall'] },
    { line: 'ssh ', want: ['mint', 'qemu/mint', 'Web-1', 'reboot', 'vsock/', 'unix/', 'vsock-mux/'] },
    { line: 'ssh root@m', want: ['root@mint'] },
    { line: 'ssh -l ann q', want: ['qemu/mint'] },
    { line: 'scp mi', want: ['mint:'] },
    { line: 'check q', want: ['qemu/mint'] },
    { line: 'list --r', want: ['--running'] },
    { line: 'list --provider li', want: ['libvirt', 'lima'] },
    { line: 'list --provider libvirt,lim', want: ['libvirt,lima'] },
    { line: 'list --provider=lib', want: ['--provider=libvirt'] },
    { line: 'list -o ', want: ['wide', 'json'] },
    { line: 'config install --prefix v', want: [] },
    { line: 'completion ', want: ['bash', 'zsh', 'fish', 'powershell'] },
    { line: 'resolve m', want: ['mint'] },
    { line: 'check ann@m', want: ['ann@mint'] },
    { line: 'proxy m', want: [] },
    { line: 'nope x', want: [] },
  ])('of "$line"', async ({ line, want }) => expect(await words(line)).toEqual(want));

  it('has every command, and tells what it does', async () => {
    const all = await complete([''], commands, live);
    expect(all.map(({ word }) => word)).toEqual([...new Set(commands.map(({ name }) => name.split(' ')[0]))]);
    expect(all.find(({ word }) => word === 'list')?.about).toMatch(/^list the virtual machines/);
    expect(all.find(({ word }) => word === 'config')?.about).toBe("the lines for ssh's own configuration");
  });

  it('is printed a word a line', async () => {
    const io = fakeIo();
    expect(await printCompletions(['--', 'config', 'unin'], commands, io)).toBe(0);
    expect(io.stdout.join('')).toMatch(/^uninstall\t.*\n$/);
  });

  const raw = (...positionals: string[]): RawArgs => ({ positionals, options: {} });
  it.each(shells)('prints its script for %s', async (shell) => {
    const io = fakeIo();
    expect(await completion.run(completion.parse(raw(shell.toUpperCase()), io), io)).toBe(0);
    expect(io.stdout.join('')).toBe(completionScripts[shell]);
  });

  it('refuses another shell', () => {
    expect(() => completion.parse(raw('tcsh'), fakeIo())).toThrow(
      'expected one of bash, zsh, fish, powershell, got "tcsh"',
    );
  });

  // A stand-in for vmssh prints the words that it was asked with, behind a candidate.
  const standIn = `vmssh() { printf 'qemu:session/a\\tx\\nqemu:session/b\\ty\\n'; printf '%s|' "$@" >&3; }; `;
  it.skipIf(missingPrograms({ bash: 'bash' }))(
    'works in bash, also behind a colon, which parts words there',
    async () => {
      const script = `${completionScripts.bash}${standIn}
exec 3>&1
COMP_LINE='vmssh ssh qemu:ses'; COMP_POINT=\${#COMP_LINE}; COMP_WORDS=(vmssh ssh qemu : ses); COMP_CWORD=4
_vmssh 2>/dev/null; echo; printf '<%s>' "\${COMPREPLY[@]}"`;
      const { stdout } = await run(['bash', '-c', script.replaceAll('2>/dev/null)', '2>/dev/null 3>&3)')]);
      expect(stdout).toContain('complete|--|ssh|qemu:ses|');
      expect(stdout).toContain('<session/a><session/b>');
    },
  );

  it.skipIf(missingPrograms({ bash: 'bash' }))(
    'adds nothing in bash behind a colon that is there',
    async () => {
      const script = `${completionScripts.bash}
vmssh() { printf 'mint:\\tx\\n'; }
for line in 'vmssh scp min' 'vmssh scp mint:'; do
  COMP_LINE=$line; COMP_POINT=\${#COMP_LINE}; _vmssh 2>/dev/null
  printf '[%s]' "\${COMPREPLY[@]}"
done`;
      expect((await run(['bash', '-c', script])).stdout).toBe('[mint:][]');
    },
  );

  it.skipIf(missingPrograms({ zsh: 'zsh' }))('works in zsh', async () => {
    const script = `autoload -Uz compinit && compinit -D -u
vmssh() { printf 'mint\\tx\\nqemu:session/a\\ty\\nvsock/\\tz\\n' }
${completionScripts.zsh}
_describe() { print -rl -- $ended "$@" $open }
words=(vmssh ssh m); CURRENT=3; _vmssh`;
    expect((await run(['zsh', '-f', '-c', script])).stdout).toBe(
      'mint:x\nqemu\\:session/a:y\n-V\nvmssh\nended\n--\nopen\n-S\n\nvsock/:z\n',
    );
  });

  it.skipIf(missingPrograms({ fish: 'fish' }))('works in fish', async () => {
    const script = `function vmssh; printf 'mint\\tx\\n'; end\n${completionScripts.fish}\ncomplete -C 'vmssh ssh m'`;
    expect((await run(['fish', '--no-config', '-c', script])).stdout).toBe('mint\tx\n');
  });
});
