import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import script from '../../../src/connect/exec/sshd.sh';
import { askSshd, inShell, type NoServer, readWhy, whyNot } from '../../../src/connect/exec/why-not.js';
import type { ExecEndpoint } from '../../../src/typed/route.js';
import { targetHere } from '../../../src/typed/shell.js';
import { lacks } from '../../helpers/programs.js';
import { script as program, useTempDir } from '../../helpers/temp-dir.js';
import { execOf } from './container.js';

const missing = lacks('shellcheck');

it.skipIf(missing)(`shellcheck finds nothing in sshd.sh${missing ? `: ${missing}` : ''}`, () => {
  const { stdout, status } = spawnSync('shellcheck', ['--shell=sh', '--format=gcc', '-'], {
    input: script,
    encoding: 'utf8',
  });
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
});

describe('the words for a machine', () => {
  it('end with the script, without its comments', () => {
    const endpoint = execOf('podman', 'web');
    const words = askSshd(endpoint.command, 'why');
    expect(words.slice(0, -5)).toEqual(endpoint.command);
    expect(words.slice(-5)).toEqual(['/bin/sh', '-c', expect.any(String), 'sh', 'why']);
    expect(words.at(-3)).not.toMatch(/^ *#/m);
    expect(words.at(-3)).toContain('"$sshd" -i');
  });

  it('keep a hash that begins no comment', () => {
    const text = 'a=$b#c # d\n  # e\nf\n';
    expect(inShell(execOf('podman', 'web').command, text, []).at(-2)).toBe('a=$b#c # d\nf\n');
  });

  it('leave no variable to systemd', () => {
    const [serve] = askSshd(execOf('nspawn', 'web').command, 'serve').slice(-3);
    expect(serve?.replaceAll('$$', '')).not.toContain('$');
    expect(serve?.replaceAll('$$', '$')).toBe(askSshd(execOf('podman', 'web').command, 'serve').at(-3));
  });
});

describe('what the script shows', () => {
  it.each(['sh: 1: Cannot fork\n', "sh: can't fork: Resource temporarily unavailable\n"])(
    'is a limit of processes if its shell says %j',
    (stderr) => {
      const end = { stdout: 'sshd=/usr/sbin/sshd\n', stderr, code: 2 };
      expect(readWhy(end, execOf('podman', 'web'))).toMatchObject({
        code: 'EXEC_NO_PROCESS',
        more: expect.stringContaining('fork'),
      });
    },
  );

  const podman = execOf('podman', 'web');
  const exec = 'podman --syslog=false exec --interactive --user=0 -- web';
  const why = (stdout: string, code: number | null = 1, stderr = '') =>
    readWhy({ stdout, stderr, code }, podman);
  const sshd = 'sshd=/usr/sbin/sshd\nuid=0\n';

  it.each([
    {
      stdout: 'sshd=\nuid=0\n',
      code: 'EXEC_NO_SSHD',
      hint: `vmssh ssh --bring-sshd ${targetHere} logs in without`,
    },
    {
      stdout: `${sshd}sshd -t\nsshd: no hostkeys available -- exiting.\n`,
      code: 'EXEC_NO_KEYS',
      hint: 'make them: kubectl exec --stdin pod/web -- ssh-keygen -A',
    },
  ])('in a pod, into which vmssh setup does not go, has its own fix: $code', ({ stdout, code, hint }) => {
    expect(why(stdout)).not.toHaveProperty('hint');
    expect(readWhy({ stdout, stderr: '', code: 1 }, execOf('kubectl', 'web'))).toMatchObject({ code, hint });
  });

  it.each([
    { says: 'sshd: no hostkeys available -- exiting.\n', code: 'EXEC_NO_KEYS' },
    { says: 'Missing privilege separation directory: /run/sshd\n', code: 'EXEC_NO_RUN_DIR' },
  ])('is what its sshd says: $code', ({ says, code }) => {
    const more = `it says "${says.trim()}"`;
    expect(why(`${sshd}sshd -t\n${says}`)).toEqual({ code, more });
    const asUser = `${sshd.replace('uid=0', 'uid=1000')}sshd -t\n${says}`;
    expect(why(asUser)).toEqual({ code, more: `as its user 1000; ${more}` });
  });

  it('is what it says of a host key, without its frame', () => {
    const frame = `${'@'.repeat(59)}\r\n@  WARNING: UNPROTECTED  @\r\n${'@'.repeat(59)}\r\n`;
    const said = `${sshd}sshd -t\n${frame}Permissions 0644 are too open.\r\nsshd: no hostkeys available\r\n`;
    expect(why(said)?.more).toBe('it says "Permissions 0644 are too open.\\x0asshd: no hostkeys available"');
  });

  it('names no user if the machine has no id to ask', () => {
    const said = `${sshd.replace('uid=0', 'uid=')}sshd -t\nsshd: no hostkeys available -- exiting.\n`;
    expect(why(said)?.more).toBe('it says "sshd: no hostkeys available -- exiting."');
  });

  it('is how to test a configuration that its sshd does not take', () => {
    const hint = `test its configuration: ${exec} /usr/sbin/sshd -t`;
    const said = 'sshd -t fails: see sshd -t';
    expect(why(`${sshd}sshd -t\n${said}\n`)).toEqual({
      ...{ code: 'EXEC_BAD_SSHD', more: `it says "${said}"`, hint },
    });
    expect(why(`${sshd}sshd -t\n \n`)).toEqual({ code: 'EXEC_BAD_SSHD', more: undefined, hint });
    expect(why(`${sshd}sshd -t\n  ${'x'.repeat(900)}\n`)?.more).toBe(`it says "${'x'.repeat(300)}"`);
  });

  it('is nothing if its sshd would start, or it shows nothing', () => {
    expect(why(`${sshd}sshd -t\n`, 0)).toBeUndefined();
    expect(why('', 1, 'bye\n')).toBeUndefined();
  });

  it('is what the manager says in place of it', () => {
    const more = '"Error: no such container"';
    expect(why('', 125, 'Error: no such container\n')).toEqual({ code: 'EXEC_NO_MACHINE', more });
  });
});

describe('why a program gave no server', () => {
  const dir = useTempDir();
  const port: ExecEndpoint = {
    ...{ family: 'exec', command: ['podman', 'port', '22'], machine: 'web', into: 'port', port: 22 },
  };
  const options = { timeoutMs: 20_000, env: { PATH: join(dir, 'nothing') } };
  const seen = (more: Partial<NoServer>): NoServer => ({
    ...{ printed: '', said: '', end: { code: 1, signal: null } },
    ...more,
  });
  const shell = execOf('podman', 'web');

  it.each([
    ['Error: no container with name or ID "web" found: no such container', 'EXEC_NO_MACHINE'],
    ['Error response from daemon: No such container: web', 'EXEC_NO_MACHINE'],
    ['Error: Failed to fetch instance "web": Instance not found', 'EXEC_NO_MACHINE'],
    ["Failed to connect to machine: No machine 'web' known", 'EXEC_NO_MACHINE'],
    ['Error from server (NotFound): pods "web" not found', 'EXEC_NO_MACHINE'],
    ['Error from server (BadRequest): container no is not valid for pod web', 'EXEC_NO_MACHINE'],
    ['Error response from daemon: container 7c is not running', 'EXEC_NOT_RUNNING'],
    ['Error response from daemon: Container web is paused, unpause it', 'EXEC_NOT_RUNNING'],
    ['error: cannot exec into a container in a completed pod', 'EXEC_NOT_RUNNING'],
    ['error: unable to upgrade connection: container not found ("web")', 'EXEC_NOT_RUNNING'],
    ["Error: VM agent isn't currently running", 'EXEC_NO_AGENT'],
    ['permission denied while trying to connect to the Docker daemon socket', 'EXEC_NO_RIGHTS'],
    ['Failed to start transient service unit: Access denied', 'EXEC_NO_RIGHTS'],
    ['error: You must be logged in to the server', 'EXEC_NO_RIGHTS'],
    ['Error from server (Forbidden): pods "web" is forbidden', 'EXEC_NO_RIGHTS'],
    ['Cannot connect to the Docker daemon at unix:///run/docker.sock.', 'EXEC_NO_SERVICE'],
    ['The connection to the server localhost:8080 was refused', 'EXEC_NO_SERVICE'],
    ['Failed to connect to bus: Host is down', 'EXEC_NO_SERVICE'],
    ['Error: exec: "/bin/sh": permission denied: unknown', 'EXEC_NO_SHELL'],
    ['Error: executable file `/bin/sh` not found', 'EXEC_NO_SHELL'],
    ['exec: "/bin/sh": executable file not found in $PATH: unknown', 'EXEC_NO_SHELL'],
    ['exec /bin/sh: no such file or directory', 'EXEC_NO_SHELL'],
    ['exec failed: "/bin/sh"\nnext line: not allowed, but not found', 'EXEC_FAILED'],
    ['Error: Command not found', 'EXEC_NO_SHELL'],
    ['my Error: Command not found', 'EXEC_FAILED'],
    ['fork/exec /proc/self/exe: resource temporarily unavailable', 'EXEC_NO_PROCESS'],
  ])('is what it says: %j is %s', async (said, code) => {
    const error = await whyNot(shell, seen({ said }), options);
    expect(error).toMatchObject({ op: 'connect', code, problem: expect.stringContaining('it printed "') });
  });

  it('has its own fix for a pod without rights, which no group gives', async () => {
    const said = 'Error from server (Forbidden): pods "web" is forbidden';
    expect(await whyNot(execOf('kubectl', 'web'), seen({ said }), options)).toMatchObject({
      ...{ code: 'EXEC_NO_RIGHTS', hint: 'ask for the right to create pods/exec' },
    });
  });

  it('is no shell only if one is needed', async () => {
    const said = 'exec: "/bin/sh": no such file or directory';
    expect(await whyNot(port, seen({ said }), options)).toMatchObject({ code: 'EXEC_FAILED' });
    const denied = { said: 'permission denied' };
    expect(await whyNot(port, seen(denied), options)).toMatchObject({ code: 'EXEC_NO_RIGHTS' });
  });

  it.each([126, 127])('is on stdout too if a runtime ended with %i', async (code) => {
    const printed = 'OCI runtime exec failed: container is not running';
    const of = (end: number) => whyNot(port, seen({ printed, end: { code: end, signal: null } }), options);
    expect(await of(code)).toMatchObject({ code: 'EXEC_NOT_RUNNING' });
    expect(await of(1)).toMatchObject({ code: 'EXEC_FAILED' });
  });

  it.each([
    { name: 'an exit code', more: {}, want: ': exit code 1' },
    {
      name: 'a signal',
      more: { end: { code: null, signal: 'SIGKILL' } },
      want: ': a signal ended it: SIGKILL',
    },
    { name: 'an exit code and words', more: { said: ' no\n' }, want: ': exit code 1; it printed "no"' },
    { name: 'words on stdout', more: { said: ' \n', printed: 'no' }, want: ': exit code 1; it printed "no"' },
    {
      name: 'many words',
      more: { said: 'x'.repeat(900) },
      want: `: exit code 1; it printed "${'x'.repeat(300)}"`,
    },
    { name: 'nothing at all', more: { end: undefined }, want: '' },
    {
      name: 'the container that kubectl took, which is no cause',
      more: { said: 'Defaulted container "web" out of: web, log\nno\n' },
      want: ': exit code 1; it printed "no"',
    },
  ] as const)('is $name', async ({ more, want }) => {
    expect(await whyNot(port, seen(more as Partial<NoServer>), options)).toMatchObject({
      code: 'EXEC_FAILED',
      problem: `podman ended before it gave an SSH banner (EXEC_FAILED)${want}`,
    });
  });

  it.each([
    { name: 'ends', more: { said: 'not permitted' }, code: 'EXEC_BRING_FAILED' },
    { name: 'is late', more: { stopped: 'late', said: 'no' }, code: 'EXEC_SILENT' },
    { name: 'cannot fork', more: { said: 'sh: cannot fork' }, code: 'EXEC_NO_PROCESS' },
  ] as const)('is that of a server that was brought and $name: $code', async ({ more, code }) => {
    const error = await whyNot(shell, seen({ ...more, isBrought: true }), options);
    expect(error).toMatchObject({ code, problem: expect.stringContaining(`it printed "${more.said}"`) });
  });

  it.each([
    { failure: 'ENOENT', code: 'EXEC_NO_PROGRAM', more: 'it is not installed, or not in PATH' },
    { failure: 'EACCES', code: 'EXEC_NO_PROGRAM', more: 'spawn failed' },
    { failure: 'EMFILE', code: 'EXEC_FAILED', more: 'spawn failed' },
  ])('is that it was not started: $failure', async ({ failure, code, more }) => {
    const cause = Object.assign(new Error('spawn failed'), { code: failure });
    // Nor can it be asked for more then.
    expect(await whyNot(shell, seen({ failure: cause }), options)).toMatchObject({
      ...{ code, cause, problem: expect.stringMatching(new RegExp(`: ${more}$`)) },
    });
  });

  it('is looked for in a machine only that has a shell, and only if it answers', async () => {
    program(join(dir, 'podman'), 'echo sshd=; [ -z "$SLOW" ] || exec /bin/sleep 1000');
    const env = { PATH: dir };
    expect(await whyNot(shell, seen({}), { ...options, env })).toMatchObject({ code: 'EXEC_NO_SSHD' });
    expect(await whyNot(port, seen({}), { ...options, env })).toMatchObject({ code: 'EXEC_FAILED' });
    const slow = { timeoutMs: 500, env: { ...env, SLOW: '1' } };
    expect(await whyNot(shell, seen({}), slow)).toMatchObject({ code: 'EXEC_FAILED' });
  });
});
