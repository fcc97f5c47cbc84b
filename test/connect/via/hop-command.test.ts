import { describe, expect, it } from 'vitest';
import {
  hopCommand,
  hopOptions,
  patience,
  runHop,
  scriptCommand,
} from '../../../src/connect/via/hop-command.js';
import relay from '../../../src/connect/via/relay.py';
import { forwardsNothing, sshCommand } from '../../../src/process/ssh-program.js';
import type { ViaEndpoint } from '../../../src/typed/route.js';
import { ended } from '../../helpers/expected.js';
import { run } from '../../helpers/run.js';

const hv1: ViaEndpoint = { family: 'via', host: 'hv1', target: 'web', port: 22 };
const flags = ['-T'];
const settings = [...forwardsNothing, 'RemoteCommand=none', 'PermitLocalCommand=no'];

describe('options of a hop', () => {
  it.each([
    [0, 1],
    [1000, 1],
    [1001, 2],
    [30_000, 30],
  ])('with %d ms give it %d s', (timeoutMs, seconds) =>
    expect(hopOptions(timeoutMs)).toEqual({
      flags,
      settings: [...settings, `ConnectTimeout=${seconds}`],
    }),
  );
});

describe('the command of a ProxyJump', () => {
  const asked = async (jump: string) => {
    const calls: (readonly string[])[] = [];
    const look = async (words: readonly string[]) => {
      calls.push(words);
      return { stdout: `hostname hv1\nproxyjump ${jump}\n`, stderr: '', code: 0, signal: null };
    };
    const login = { ssh: ['/a%b/ssh', '-F', "it's"], host: 'hv1', command: 'true' };
    await runHop(login, { env: {}, timeoutMs: 1000 }, look);
    return calls[1]?.find((word) => word.startsWith('ProxyCommand='));
  };

  it('asks nothing, and has the options of ssh', async () =>
    expect(await asked('ann@b:2222')).toBe(
      `ProxyCommand='/a%%b/ssh' '-F' 'it'"'"'s' '-W' '[%h]:%p' '-o' 'BatchMode=yes' '--' 'ssh://ann@b:2222'`,
    ));

  it('of several has one for each, whose percents are for the ssh that runs it', async () =>
    expect(await asked('a,b')).toMatch(
      /BatchMode=yes.*ProxyCommand=.*\/a%%%%b\/ssh.*\[%%h\]:%%p.*BatchMode=yes.*ssh:\/\/a.*ssh:\/\/b'$/,
    ));
});

describe('a script there', () => {
  it('is run by sh with its arguments, without its comments', async () => {
    const script = '# a comment\nprintf "<%s>" "$@";\n\nprintf end\n# another';
    const command = scriptCommand(script, ['a b', "it's", '', '$HOME', '\\!']);
    expect(command).toMatch(/^exec /);
    expect(command).not.toContain('comment');
    expect(await run(['sh', '-c', command])).toMatchObject(ended(0, "<a b><it's><><$HOME><\\!>end", ''));
  });

  it('cannot have control characters in its arguments', () =>
    expect(() => scriptCommand('true', ['a\nb'])).toThrow(RangeError));
});

describe('the command of a hop', () => {
  const nothing = ['', '', '', ''];
  it.each<{ name: string; at: ViaEndpoint['at']; place: readonly string[] }>([
    { name: 'what only vmssh finds', at: undefined, place: nothing },
    { name: 'a vsock', at: { family: 'vsock', cid: 3, port: 22 }, place: ['vsock', '3', '', 'plain'] },
    {
      name: 'a unix socket',
      at: { family: 'unix', path: '/run/x-1_2.@%+' },
      place: ['unix', '/run/x-1_2.@%+', '', 'plain'],
    },
    {
      name: 'a unix socket with another reading',
      at: { family: 'unix', path: '/run/a%b', otherPath: '/run/a/b' },
      place: ['unix', '/run/a%b', '/run/a/b', 'plain'],
    },
    {
      name: 'a path that socat reads in its own way',
      at: { family: 'unix', path: '/run/a,b' },
      place: ['unix', '/run/a,b', '', ''],
    },
    {
      name: 'another reading that socat reads in its own way',
      at: { family: 'unix', path: '/run/x', otherPath: '/run/a:b' },
      place: ['unix', '/run/x', '/run/a:b', ''],
    },
    {
      name: 'a path that begins with what socat reads in its own way',
      at: { family: 'unix', path: '!x' },
      place: ['unix', '!x', '', ''],
    },
    {
      name: 'a multiplexer',
      at: { family: 'vsock-mux', path: '/run/v', port: 22 },
      place: ['unix', '/run/v', '', 'plain'],
    },
  ])('for $name says where it is', async ({ at, place }) => {
    const words = await wordsOf(hopCommand({ ...hv1, at, port: 2222 }, 'vmssh-0123', 1500));
    expect(words.slice(0, 2)).toEqual(['sh', '-c']);
    expect(words.slice(3)).toEqual([
      ...['sh', 'vmssh-0123', 'web', '2222', '2', ...place],
      `exec(${JSON.stringify(relay)})`,
    ]);
    expect(words[2]).not.toMatch(/\n|^#/);
  });

  it('over another hop is an ssh there, which asks nothing', async () => {
    const inner: ViaEndpoint = { ...hv1, host: 'hv2' };
    const words = await wordsOf(hopCommand({ ...hv1, at: inner }, 'vmssh-0123', 30_000));
    const inside = hopCommand(inner, 'vmssh-0123', 30_000);
    const all = { flags, settings: [...settings, 'ConnectTimeout=30', 'BatchMode=yes'] };
    expect(words).toEqual(sshCommand({ ssh: ['ssh'], ...all, host: 'hv2', command: inside }));
  });
});

describe('the command of a hop to a machine that may be off', () => {
  it('has the last hypervisor start it, and wait for it', async () => {
    const start = ['--wait=90', '--start'].join(' ');
    const words = await wordsOf(hopCommand(hv1, 'vmssh-0123', 30_000, 90_000));
    expect(words.slice(-2)).toEqual([`exec(${JSON.stringify(relay)})`, start]);
    const over = await wordsOf(
      hopCommand({ ...hv1, at: { ...hv1, host: 'hv2' } }, 'vmssh-0123', 30_000, 90_000),
    );
    expect(over.at(-1)).toContain(start);
  });
});

describe('a login', () => {
  it.each([
    { name: 'a terminal', env: {}, terminal: true, isPatient: true },
    { name: 'a program that asks', env: { SSH_ASKPASS: '/usr/bin/ask' }, terminal: false, isPatient: true },
    { name: 'neither', env: { SSH_ASKPASS: '' }, terminal: false, isPatient: false },
  ])('has time for answers if ssh has $name: $isPatient', ({ env, terminal, isPatient }) => {
    expect(patience(env, () => terminal) > 0).toBe(isPatient);
  });
});

/** What follows exec, as a shell reads it. */
async function wordsOf(command: string): Promise<readonly string[]> {
  expect(command.slice(0, 5)).toBe('exec ');
  const { stdout, code } = await run(['sh', '-c', `printf '%s\\0' ${command.slice(5)}`]);
  expect(code).toBe(0);
  return stdout.split('\0').slice(0, -1);
}
