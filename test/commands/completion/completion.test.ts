import { describe, expect, it } from 'vitest';
import type { RawArgs } from '../../../src/cli/command.js';
import { complete, type LiveNames } from '../../../src/commands/completion/complete.js';
import { completion, printCompletions } from '../../../src/commands/completion/completion.js';
import { completionScripts, shells } from '../../../src/commands/completion/scripts.js';
import { parseTarget } from '../../../src/kinds/kinds.js';
import { commands } from '../../../src/program/commands.js';
import { runCommandLine } from '../../../src/program/run.js';
import type { ListedMachine } from '../../../src/sources/merge.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';

const machine = (name: string, target: string): ListedMachine => ({
  ...{ name, target, status: 'running', provider: 'p', also: [] },
});
const live = {
  machines: async () => [
    machine('mint', 'qemu/mint'),
    machine('Web 1', 'machine/Web 1'),
    machine('$(reboot)', 'lima/$(reboot)'),
  ],
  sources: ['libvirt', 'lima'],
  hosts: async () => ['hv1', 'hv2'],
};
const candidates = async (line: string, names: LiveNames = live) =>
  (await complete(line.split(' '), commands, names)).map(({ word }) => word);

describe('completion', () => {
  it.each([
    { line: 'con', want: ['config'] },
    { line: 'config ', want: ['install', 'uninstall', 'diff', 'print', 'refresh'] },
    { line: 'config un', want: ['uninstall'] },
    { line: 'ssh ', want: ['mint', 'qemu/mint', 'Web-1', 'reboot', 'unix/', 'vsock/', 'vsock-mux/', 'via/'] },
    { line: 'ssh root@m', want: ['root@mint'] },
    { line: 'ssh -l ann q', want: ['qemu/mint'] },
    { line: 'ssh -p 22 --w', want: ['--wait'] },
    { line: 'ssh mint --w', want: [] },
    { line: 'ssh mint m', want: [] },
    { line: 'scp x --w', want: [] },
    { line: 'scp x mi', want: ['mint:'] },
    { line: 'forward -v --max 3 m', want: ['mint'] },
    { line: 'forward mint ', want: [] },
    { line: 'nc -p 80 mint m', want: [] },
    { line: 'scp mi', want: ['mint:'] },
    { line: 'check web q', want: ['qemu/mint'] },
    { line: 'list --r', want: ['--running'] },
    { line: 'list --provider li', want: ['libvirt', 'lima'] },
    { line: 'list --provider libvirt,lim', want: ['libvirt,lima'] },
    { line: 'list --provider=lib', want: ['--provider=libvirt'] },
    { line: 'list -o ', want: ['wide', 'json', 'id', 'status', 'address', 'keys'] },
    { line: 'list ', want: ['mint', 'qemu/mint', 'Web-1', 'reboot'] },
    { line: 'list mint -o st', want: ['status'] },
    { line: 'list --output=j', want: ['--output=json'] },
    { line: 'list --watch=', want: [] },
    { line: 'guest install --b', want: ['--by'] },
    { line: 'guest install --by=', want: ['--by=ssh', '--by=target', '--by=wsl', '--by=exec'] },
    { line: 'guest check --by e', want: ['exec'] },
    { line: 'guest print --distro a', want: ['arch'] },
    { line: 'guest print --as ', want: ['script', 'units', 'generator', 'cloud-init'] },
    { line: 'nc -t v', want: ['vsock', 'vsock,ip'] },
    { line: 'check --over root@q', want: ['root@qemu/mint'] },
    { line: 'guest install --target=q', want: ['--target=qemu/mint'] },
    { line: 'check -- --q', want: [] },
    { line: 'config install --prefix v', want: [] },
    { line: 'config install --no-fd', want: ['--no-fdpass'] },
    { line: 'config install -o S', want: ['ServerAliveInterval=15'] },
    { line: 'config print --ssh-option=U', want: ['--ssh-option=User=root'] },
    { line: 'completion ', want: ['bash', 'zsh', 'fish', 'powershell'] },
    { line: 'check m', want: ['mint'] },
    { line: 'check --via ', want: ['hv1', 'hv2'] },
    { line: 'ssh --via=', want: ['--via=hv1', '--via=hv2'] },
    { line: 'scp --via hv1 m', want: [] },
    { line: 'check --via hv1 vsock', want: ['vsock/', 'vsock-mux/'] },
    { line: 'ssh ann@via/', want: ['ann@via/hv1/', 'ann@via/hv2/', 'ann@via/'] },
    { line: 'check ann@m', want: ['ann@mint'] },
    { line: 'proxy m', want: [] },
    { line: 'nope x', want: [] },
    { line: '--', want: ['--help', '--version'] },
    { line: '--version ', want: ['--json'] },
    { line: '-V --j', want: ['--json'] },
    { line: '--version --json ', want: [] },
  ])('of "$line"', async ({ line, want }) => expect(await candidates(line)).toEqual(want));

  it('offers no name that the commands would not take', async () => {
    const names = ['..', 'a/b', '', 'two', 'Two', 'x y', 'x-y', 'x?y', 'twins', 'twins'];
    const machines = names.map((name, i) => machine(name, `podman/${i < 8 ? name : `${name}${i}`}`));
    const offered = await candidates('check ', { ...live, machines: async () => machines });
    expect(offered.filter((word) => !word.endsWith('/'))).toEqual([
      ...['podman/two', 'podman/Two', 'podman/x-y'],
      ...['podman/twins8', 'podman/twins9'],
    ]);
    for (const word of offered.filter((word) => word.includes('/') && !word.endsWith('/')))
      expect(() => parseTarget(word)).not.toThrow();
  });

  it('has every command and its summary', async () => {
    const all = await complete([''], commands, live);
    expect(all.map(({ word }) => word)).toEqual([...new Set(commands.map(({ name }) => name.split(' ')[0]))]);
    expect(all.find(({ word }) => word === 'list')?.about).toMatch(/^list the virtual machines/);
    expect(all.find(({ word }) => word === 'config')?.about).toBe(
      'let plain ssh use machine names: install, diff, uninstall',
    );
  });

  it.each([
    { platform: 'linux' as const, words: ['g'], want: ['guest'] },
    { platform: 'win32' as const, words: ['g'], want: ['guest', 'guid'] },
    { platform: 'linux' as const, words: ['nc', '--host'], want: [] },
    { platform: 'win32' as const, words: ['nc', '--host'], want: ['--host-prefix'] },
    { platform: 'linux' as const, words: ['service', 'un'], want: ['unregister'] },
    { platform: 'linux' as const, words: ['s'], want: ['ssh', 'scp', 'sftp', 'setup', 'source'] },
  ])('has what is for Windows only there: $platform, $words', async ({ platform, words, want }) => {
    const io = fakeIo({ platform });
    expect(await runCommandLine(['complete', '--', ...words], io)).toBe(0);
    expect(io.stdout.join('').match(/^\S+/gm) ?? []).toEqual(want);
  });

  it('is printed one per line', async () => {
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

  const inBash = it.skipIf(missingPrograms({ bash: 'bash' }));
  const inZsh = it.skipIf(missingPrograms({ zsh: 'zsh' }));
  const inFish = it.skipIf(missingPrograms({ fish: 'fish' }));

  // A stand-in for vmssh prints its arguments after a candidate.
  const standIn = `vmssh() { printf 'qemu:session/a\\tx\\nqemu:session/b\\ty\\n'; printf '%s|' "$@" >&3; }; `;
  inBash('works in bash, also after a colon, which separates words there', async () => {
    const script = `${completionScripts.bash}${standIn}
exec 3>&1
COMP_LINE='vmssh ssh qemu:ses'; COMP_POINT=\${#COMP_LINE}; COMP_WORDS=(vmssh ssh qemu : ses); COMP_CWORD=4
_vmssh 2>/dev/null; echo; printf '<%s>' "\${COMPREPLY[@]}"`;
    const { stdout } = await run(['bash', '-c', script.replaceAll('2>/dev/null)', '2>/dev/null 3>&3)')]);
    expect(stdout).toContain('complete|--|ssh|qemu:ses|');
    expect(stdout).toContain('<session/a><session/b>');
  });

  inBash('adds nothing in bash after a colon that is already typed', async () => {
    const script = `${completionScripts.bash}
vmssh() { printf 'mint:\\tx\\n'; }
for line in 'vmssh scp min' 'vmssh scp mint:'; do
  COMP_LINE=$line; COMP_POINT=\${#COMP_LINE}; _vmssh 2>/dev/null
  printf '[%s]' "\${COMPREPLY[@]}"
done`;
    expect((await run(['bash', '-c', script])).stdout).toBe('[mint:][]');
  });

  inBash.each([
    { line: 'vsock-nc w', asks: 'complete|--|nc|w|' },
    { line: '/usr/bin/vsock-nc --wait w', asks: 'complete|--|nc|--wait|w|' },
    { line: 'vmssh guest install --route=', asks: 'complete|--|guest|install|--route=|' },
    { line: 'vmssh nc unix/ru', asks: 'complete|--|nc|unix/ru|' },
  ])('asks in bash for what follows "$line"', async ({ line, asks }) => {
    const script = `${completionScripts.bash}${standIn}
exec 3>&1
complete -p vmssh vsock-nc
COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _vmssh 2>/dev/null`;
    const { stdout } = await run(['bash', '-c', script.replaceAll('2>/dev/null)', '2>/dev/null 3>&3)')]);
    expect(stdout).toBe(
      `complete -o default -F _vmssh vmssh\ncomplete -o default -F _vmssh vsock-nc\n${asks}`,
    );
  });

  inBash('completes in bash what comes after a "="', async () => {
    const script = `${completionScripts.bash}
vmssh() { printf -- '--by=ssh\\t\\n--by=wsl\\t\\n'; }
COMP_LINE='vmssh guest install --by='; COMP_POINT=\${#COMP_LINE}; _vmssh; printf '[%s]' "\${COMPREPLY[@]}"`;
    expect((await run(['bash', '-c', script])).stdout).toBe('[ssh][wsl]');
  });

  inZsh('works in zsh, also for vsock-nc', async () => {
    const script = `autoload -Uz compinit && compinit -D -u
vmssh() { print -r -- "$@" >&3; printf 'mint\\tx\\n' }
${completionScripts.zsh}
_describe() { }
exec 3>&1
print $_comps[vmssh] $_comps[vsock-nc]
words=(/usr/bin/vsock-nc w); CURRENT=2; _vmssh`;
    const asks = script.replaceAll('2>/dev/null', '2>/dev/null 3>&3');
    expect((await run(['zsh', '-f', '-c', asks])).stdout).toBe('_vmssh _vmssh\ncomplete -- nc w\n');
  });

  inFish('works in fish for vsock-nc', async () => {
    const script = `function vmssh; echo $argv; end\n${completionScripts.fish}\ncomplete -C 'vsock-nc w'`;
    expect((await run(['fish', '--no-config', '-c', script])).stdout).toBe('complete -- nc w\n');
  });

  inZsh('works in zsh', async () => {
    const script = `autoload -Uz compinit && compinit -D -u
vmssh() { printf 'mint\\tx\\nqemu:session/a\\ty\\nvsock/\\tz\\n' }
${completionScripts.zsh}
_describe() { print -rl -- $ended "$@" $open }
words=(vmssh ssh m); CURRENT=3; _vmssh`;
    expect((await run(['zsh', '-f', '-c', script])).stdout).toBe(
      'mint:x\nqemu\\:session/a:y\n-V\nvmssh\nended\n--\nopen\n-S\n\nvsock/:z\n',
    );
  });

  inFish('works in fish', async () => {
    const script = `function vmssh; printf 'mint\\tx\\n'; end\n${completionScripts.fish}\ncomplete -C 'vmssh ssh m'`;
    expect((await run(['fish', '--no-config', '-c', script])).stdout).toBe('mint\tx\n');
  });
});
