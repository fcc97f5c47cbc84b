import { describe, expect, it } from 'vitest';
import { scanArgs } from '../../src/cli/command.js';
import { explain } from '../../src/cli/rows.js';
import { commands } from '../../src/program/commands.js';
import { runCommandLine } from '../../src/program/run.js';
import { ended, saying } from '../helpers/expected.js';
import { fakeIo } from '../helpers/fake-io.js';

/** What a person sees who made a mistake. */
async function shown(args: readonly string[], program: 'vmssh' | 'vsock-nc' = 'vmssh') {
  const io = fakeIo({ program });
  const code = await runCommandLine(args, io).catch((error) => explain(error, io));
  return { code, stdout: io.stdout.join(''), stderr: io.stderr.join('') };
}

describe('a mistake in the arguments', () => {
  const toListen =
    'vmssh nc TARGET [PORT], as in vmssh nc hvsock:GUID:vsock-22; to listen on this host: vmssh forward TARGET PORT';
  const noMachine = 'expected a SOURCE or a destination of the form TARGET:PATH';

  it.each<[line: string, says: string, hint: string]>([
    ['Shell|web', 'unknown command "Shell"', 'vmssh ssh NAME [COMMAND]'],
    [
      'frob',
      'unknown command "frob"',
      'to log in to a machine: vmssh ssh frob; for the commands: vmssh --help',
    ],
    ['a b', 'unknown command "a b"', 'see vmssh --help'],
    [
      'start|web',
      'unknown command "start"',
      'vmssh ssh --start NAME starts a machine and logs in; without a login: hvc start NAME or Start-VM NAME, virsh start NAME, machinectl start NAME, limactl start NAME',
    ],
    ['id|web', 'unknown command "id"', 'vmssh list NAME -o id'],
    ['copy-id|web', 'unknown command "copy-id"', 'vmssh setup NAME'],
    [
      'setup|--install-sshd|--bring-sshd|web',
      '--install-sshd and --bring-sshd cannot be used together',
      'see vmssh setup --help',
    ],
    ['state|web', 'unknown command "state"', 'vmssh list NAME -o status'],
    ['stdio|hvsock:x', 'unknown command "stdio"', toListen],
    ['winsocat|hvsock:x', 'unknown command "winsocat"', toListen],
    ['hvc|nc|mint|22', 'unknown command "hvc"', 'leave it out: vmssh nc NAME, vmssh ssh NAME, vmssh list'],
    ['chek|--help', 'unknown command "chek"', 'did you mean check?'],
    ['help|lst|--help', 'unknown command "lst"', 'did you mean list?'],
    ['help|config|instal', 'unknown command "config instal"', 'did you mean config install?'],
    ['help|config|frob', 'unknown command "config frob"', 'see vmssh --help'],
    [
      'check|--timeout|mint',
      '--timeout takes seconds from 0.001 to 86400, not "mint"',
      'see vmssh check --help',
    ],
    [
      'list|-w|1',
      '--watch needs "=" before its value: got "-w 1"',
      '--watch=1, or -w at the end if 1 is not its value',
    ],
    [
      'scp|-r|n.txt|mint',
      `no machine given to scp: ${noMachine}`,
      'a machine has a colon at its end: vmssh scp -r n.txt mint:',
    ],
    ['rsync|a|b/', `no machine given to rsync: ${noMachine}`, 'see vmssh rsync --help'],
    ['ip|web', 'unknown command "ip"', 'vmssh list NAME -o address'],
    ['guest|start', 'unknown command "start"', 'see vmssh guest --help'],
    ['guest|uninstall|root@web', 'unknown command "uninstall"', 'vmssh guest install --undo [user@]HOST'],
    ['service|add|22', 'unknown command "add"', 'did you mean register?'],
    ['service|Remove|22', 'unknown command "Remove"', 'did you mean unregister?'],
    ['service|ls', 'unknown command "ls"', 'did you mean list?'],
    ['config|remove', 'unknown command "remove"', 'did you mean uninstall?'],
    ['--frob', 'unknown option "--frob"', 'see vmssh --help'],
    ['check|--prot', 'unknown option "--prot"', 'did you mean --port?'],
    ['ssh|--timeout|20|mint', 'unknown option "--timeout"', 'see vmssh ssh --help'],
    ['scp|--frob=1|a|mint:', 'unknown option "--frob=1"', 'see vmssh scp --help'],
    ['config|diff|-x', 'unknown option "-x"', 'see vmssh config diff --help'],
    ["proxy|--a'b'", 'unknown option "--a\'b\'"', 'see vmssh proxy --help'],
    ['proxy|--\x1b[1m\n', 'unknown option "--\\x1b[1m\\x0a"', 'see vmssh proxy --help'],
    ['proxy|--fdpass=y|a', 'unknown option "--fdpass=y"', 'did you mean --fdpass?'],
    ['proxy|a|1|--typed', 'option "--typed <NAME>" argument missing', 'see vmssh proxy --help'],
    ['check', 'expected one or more targets, got nothing', 'see vmssh check --help'],
    ['guest|print|-p|x', 'port "x" cannot be used: it is not a number', 'see vmssh guest print --help'],
    [
      'ssh|-v',
      'no machine given to ssh: expected [user@]TARGET',
      'vmssh ssh NAME; for the names: vmssh list',
    ],
  ])('is shown in one line, with its fix: %j', async (line, says, hint) => {
    const stderr = `vmssh: ${says}\nhint: ${hint}\n`;
    expect(await shown(line.split('|'))).toEqual({ code: 2, stdout: '', stderr });
  });

  it.each([
    { args: ['ssh', 'unix/x', '--wait', 'ls'], option: '--wait' },
    { args: ['ssh', 'unix/x', '-t', '--print-command'], option: '--print-command' },
    { args: ['rsync', '-a', 'x', 'unix%x:', '--wait=5'], option: '--wait=5' },
  ])('is an option of ours after the first operand: $args', async ({ args, option }) => {
    const stderr = `vmssh: ${option} is an option of vmssh and must come before the first operand\nhint: vmssh ${args[0]} ${option} ...\n`;
    expect(await shown(args)).toEqual({ code: 2, stdout: '', stderr });
  });

  it.each(['start', 'stop', 'restart', 'kill', 'console', 'serial', 'id', 'state', 'ip'])(
    'is a verb of hvc, for which there is something to type: %s',
    async (verb) => {
      const { code, stderr } = await shown([verb, 'web'], 'vsock-nc');
      expect({ code, stderr }).toEqual(
        saying(2, /^vsock-nc: port "web" .*\nhint: .*(hvc \w+ NAME|vmssh list NAME -o \w+)/),
      );
      expect((await shown([verb, 'web'])).stderr.split('hint: ')[1]).toBe(stderr.split('hint: ')[1]);
    },
  );

  it('of vsock-nc leads to its own help', async () => {
    const stderr = 'vsock-nc: expected TARGET [PORT], got nothing\nhint: see vsock-nc --help\n';
    expect(await shown([], 'vsock-nc')).toEqual({ code: 2, stdout: '', stderr });
  });
});

describe('a value after a space that needs a "="', () => {
  const fixFor = (option: string) => `hint: ${option}=5, or ${option} at the end if 5 is not its value\n`;

  it.each([
    { args: ['check', '--wait', '5', 'vsock/3'], option: '--wait' },
    { args: ['check', 'vsock/3', '--wait', '5'], option: '--wait' },
    { args: ['nc', '-v', '--wait', '5'], option: '--wait' },
    { args: ['list', '--watch', '5'], option: '--watch' },
    { args: ['ssh', '--wait', '5', 'mint'], option: '--wait' },
    { args: ['rsync', '-a', '--wait', '5', 'a', 'mint:'], option: '--wait' },
  ])('is refused: $args', async ({ args, option }) => {
    expect(await shown(args)).toMatchObject(
      ended(2, '', `vmssh: ${option} needs "=" before its value: got "${option} 5"\n${fixFor(option)}`),
    );
  });

  it('is refused also if no parser is loaded', () => {
    const specs = commands.find(({ name }) => name === 'proxy')?.options ?? [];
    expect(() => scanArgs(specs, ['--wait', '1.5', 'a'])).toThrow('got "--wait 1.5"');
    expect(scanArgs(specs, ['--', '--wait', '5'])?.positionals).toEqual(['--wait', '5']);
  });
});
