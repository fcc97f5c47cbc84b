import { describe, expect, it } from 'vitest';
import { explain } from '../../src/cli/message.js';
import { scanArgs } from '../../src/cli/scan-args.js';
import { commands } from '../../src/program/commands.js';
import { runCommandLine } from '../../src/program/run.js';
import { fakeIo } from '../helpers/fake-io.js';

/** What a person sees who made a mistake. */
async function shown(args: readonly string[], program: 'vmssh' | 'vsock-nc' = 'vmssh') {
  const io = fakeIo({ program });
  const code = await runCommandLine(args, io).catch((error) => explain(error, io));
  return { code, stdout: io.stdout.join(''), stderr: io.stderr.join('') };
}

describe('a mistake in the arguments', () => {
  it.each([
    {
      args: ['frob'],
      says: 'unknown command "frob"',
      hint: 'to log in to a machine: vmssh ssh frob; for the commands: vmssh --help',
    },
    { args: ['a b'], says: 'unknown command "a b"', hint: 'see vmssh --help' },
    { args: ['Shell', 'web'], says: 'unknown command "Shell"', hint: 'vmssh ssh NAME [COMMAND]' },
    {
      args: ['start', 'web'],
      says: 'unknown command "start"',
      hint: 'vmssh ssh --start NAME starts a machine and logs in; without a login: hvc start NAME or Start-VM NAME, virsh start NAME, machinectl start NAME, limactl start NAME',
    },
    { args: ['id', 'web'], says: 'unknown command "id"', hint: 'vmssh list NAME -o id' },
    { args: ['state', 'web'], says: 'unknown command "state"', hint: 'vmssh list NAME -o status' },
    ...['stdio', 'winsocat'].map((word) => ({
      args: [word, 'hvsock:x'],
      says: `unknown command "${word}"`,
      hint: 'vmssh nc TARGET [PORT], as in vmssh nc hvsock:GUID:vsock-22; to listen on this host: vmssh forward TARGET PORT',
    })),
    {
      args: ['hvc', 'nc', 'mint', '22'],
      says: 'unknown command "hvc"',
      hint: 'leave it out: vmssh nc NAME, vmssh ssh NAME, vmssh list',
    },
    { args: ['chek', '--help'], says: 'unknown command "chek"', hint: 'did you mean check?' },
    { args: ['help', 'lst', '--help'], says: 'unknown command "lst"', hint: 'did you mean list?' },
    {
      args: ['help', 'config', 'instal'],
      says: 'unknown command "config instal"',
      hint: 'did you mean config install?',
    },
    { args: ['help', 'config', 'frob'], says: 'unknown command "config frob"', hint: 'see vmssh --help' },
    {
      args: ['check', '--timeout', 'mint'],
      says: '--timeout takes seconds from 0.001 to 86400, not "mint"',
      hint: 'see vmssh check --help',
    },
    {
      args: ['list', '-w', '1'],
      says: '--watch needs "=" before its value: got "-w 1"',
      hint: '--watch=1, or -w at the end if 1 is not its value',
    },
    {
      args: ['scp', '-r', 'n.txt', 'mint'],
      says: 'no machine given to scp: expected a SOURCE or a destination of the form TARGET:PATH',
      hint: 'a machine has a colon at its end: vmssh scp -r n.txt mint:',
    },
    {
      args: ['rsync', 'a', 'b/'],
      says: 'no machine given to rsync: expected a SOURCE or a destination of the form TARGET:PATH',
      hint: 'see vmssh rsync --help',
    },
    { args: ['ip', 'web'], says: 'unknown command "ip"', hint: 'vmssh list NAME -o address' },
    { args: ['guest', 'start'], says: 'unknown command "start"', hint: 'see vmssh guest --help' },
    {
      args: ['guest', 'uninstall', 'root@web'],
      says: 'unknown command "uninstall"',
      hint: 'vmssh guest install --undo [user@]HOST',
    },
    { args: ['service', 'add', '22'], says: 'unknown command "add"', hint: 'did you mean register?' },
    { args: ['service', 'Remove', '22'], says: 'unknown command "Remove"', hint: 'did you mean unregister?' },
    { args: ['service', 'ls'], says: 'unknown command "ls"', hint: 'did you mean list?' },
    { args: ['config', 'remove'], says: 'unknown command "remove"', hint: 'did you mean uninstall?' },
    { args: ['--frob'], says: 'unknown option "--frob"', hint: 'see vmssh --help' },
    { args: ['check', '--prot'], says: 'unknown option "--prot"', hint: 'did you mean --port?' },
    {
      args: ['ssh', '--timeout', '20', 'mint'],
      says: 'unknown option "--timeout"',
      hint: 'see vmssh ssh --help',
    },
    {
      args: ['scp', '--frob=1', 'a', 'mint:'],
      says: 'unknown option "--frob=1"',
      hint: 'see vmssh scp --help',
    },
    {
      args: ['forward', '--bring-sshd', 'docker/web', '22', '0'],
      says: '--bring-sshd is not for a forward: the sshd asks for no key, and whoever connects to the port would be let in',
      hint: "forward one of its ports by ssh's own option: vmssh ssh --bring-sshd -L 8080:localhost:80 NAME",
    },
    { args: ['config', 'diff', '-x'], says: 'unknown option "-x"', hint: 'see vmssh config diff --help' },
    { args: ['proxy', "--a'b'"], says: 'unknown option "--a\'b\'"', hint: 'see vmssh proxy --help' },
    {
      args: ['proxy', '--\x1b[1m\n'],
      says: 'unknown option "--\\x1b[1m\\x0a"',
      hint: 'see vmssh proxy --help',
    },
    {
      args: ['proxy', '--fdpass=y', 'a'],
      says: 'unknown option "--fdpass=y"',
      hint: 'did you mean --fdpass?',
    },
    {
      args: ['proxy', 'a', '1', '--typed'],
      says: 'option "--typed <NAME>" argument missing',
      hint: 'see vmssh proxy --help',
    },
    {
      args: ['check'],
      says: 'expected one or more targets, got nothing',
      hint: 'see vmssh check --help',
    },
    {
      args: ['guest', 'print', '-p', 'x'],
      says: 'port "x" cannot be used: it is not a number',
      hint: 'see vmssh guest print --help',
    },
    {
      args: ['ssh', '-v'],
      says: 'no machine given to ssh: expected [user@]TARGET',
      hint: 'vmssh ssh NAME; for the names: vmssh list',
    },
  ])('is shown in one line, with its fix: $args', async ({ args, says, hint }) => {
    expect(await shown(args)).toEqual({
      code: 2,
      stdout: '',
      stderr: `vmssh: ${says}\nhint: ${hint}\n`,
    });
  });

  it.each([
    { args: ['ssh', 'unix/x', '--wait', 'ls'], tool: 'ssh', option: '--wait' },
    { args: ['ssh', 'unix/x', '-t', '--print-command'], tool: 'ssh', option: '--print-command' },
    { args: ['rsync', '-a', 'x', 'unix%x:', '--wait=5'], tool: 'rsync', option: '--wait=5' },
  ])('is an option of ours after the first operand: $args', async ({ args, tool, option }) => {
    expect(await shown(args)).toEqual({
      code: 2,
      stdout: '',
      stderr: `vmssh: ${option} is an option of vmssh and must come before the first operand\nhint: vmssh ${tool} ${option} ...\n`,
    });
  });

  it.each(['start', 'stop', 'restart', 'kill', 'console', 'serial', 'id', 'state', 'ip'])(
    'is a verb of hvc, for which there is something to type: %s',
    async (verb) => {
      const { code, stderr } = await shown([verb, 'web'], 'vsock-nc');
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(
          /^vsock-nc: port "web" .*\nhint: .*(hvc \w+ NAME|vmssh list NAME -o \w+)/,
        ),
      });
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
    const result = await shown(args);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toBe(
      `vmssh: ${option} needs "=" before its value: got "${option} 5"\n${fixFor(option)}`,
    );
  });

  it('is refused also if no parser is loaded', () => {
    const specs = commands.find(({ name }) => name === 'proxy')?.options ?? [];
    expect(() => scanArgs(specs, ['--wait', '1.5', 'a'])).toThrow('got "--wait 1.5"');
    expect(scanArgs(specs, ['--', '--wait', '5'])?.positionals).toEqual(['--wait', '5']);
  });
});
