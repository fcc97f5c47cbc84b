import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { agentRunner } from '../../../src/sources/libvirt/guest-agent.js';
import type { ScriptRunner } from '../../../src/sources/source.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { agentCases, refuses, standInVirsh, type VirshCase } from './stand-in.js';

const dir = useTempDir();
const [bin, log] = [join(dir, 'bin'), join(dir, 'log')];
const deps = { env: { PATH: `${bin}:${process.env.PATH}` }, platform: 'linux' } as const;
const uuid = '83055167-4a13-0eb1-c290-e328df73ee72';
const words = () => readFileSync(log, 'utf8').trimEnd().split('\n');

beforeEach(() => {
  mkdirSync(bin, { recursive: true });
  rmSync(log, { force: true });
});

function runs(cases: readonly VirshCase[], authority?: 'user'): ScriptRunner {
  standInVirsh(bin, log, cases);
  const run = agentRunner({ uuid, authority }, deps);
  if (run === undefined) throw new Error('it has a UUID');
  return run;
}

describe('a script by the agent of QEMU', () => {
  it.each([
    { of: 'its stdin', script: 'echo out; echo err >&2; exit 3\n' },
    {
      of: 'its stdin and an argument',
      script: `${`${'#'.repeat(100)}\n`.repeat(1000)}echo out; echo err >&2\n`,
    },
  ])('is $of', async ({ script }) => {
    expect(await runs(agentCases(dir))(script, {})).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    expect(words().every((word) => word.length < 1 << 17)).toBe(true);
  });

  it.each([
    [undefined, 'qemu:///system'],
    ['user' as const, 'qemu:///session'],
  ])('of a machine of %s is run by %s, by its UUID', async (authority, uri) => {
    await runs(agentCases(dir), authority)('true', {});
    const where = ['--quiet', '--connect', uri, 'qemu-agent-command', '--timeout', '10', '--domain', uuid];
    expect(words().slice(0, 8)).toEqual(where);
  });

  it.each([undefined, '', '--help', 'mint'])('needs a UUID: %j', (uuid) =>
    expect(agentRunner({ uuid }, deps)).toBeUndefined(),
  );

  const exec = (does: string): VirshCase => ['*\'"guest-exec"\'*', does];
  const prints = (json: string) => `printf '%s\\n' '${json}'`;
  const started = exec(prints('{"return":{"pid":871}}'));
  const status = (json: string): VirshCase => ['*guest-exec-status*', prints(json)];
  const windows =
    '{"return":{"name":"Microsoft Windows","kernel-release":"19045","version":"Microsoft Windows 10","id":"mswindows"}}';
  const osinfo: VirshCase = ['*guest-get-osinfo*', prints(windows)];
  const failed = "error: internal error: unable to execute QEMU agent command 'guest-exec':";
  const silent =
    "error: Guest agent is not responding: guest agent didn't respond to command within '10' seconds";
  const failed11 = "error: guest agent command failed: unable to execute QEMU agent command 'guest-exec':";
  // As libvirt 9 and 11 print them, and qemu-ga 1.5, 6, 8 and 10.
  it.each<{ name: string; cases: readonly VirshCase[]; code: string; says: RegExp; hint?: RegExp }>([
    {
      name: 'is not connected',
      cases: [exec(refuses('error: Guest agent is not responding: QEMU guest agent is not connected'))],
      code: 'NO_AGENT',
      says: /^no guest agent runs in it$/,
      hint: /qemu-guest-agent, then systemctl start/,
    },
    {
      name: 'has no channel',
      cases: [exec(refuses('error: argument unsupported: QEMU guest agent is not configured'))],
      code: 'NO_AGENT',
      says: /no channel for a guest agent/,
      hint: /org\.qemu\.guest_agent\.0/,
    },
    {
      name: 'hangs',
      cases: [exec(refuses(silent))],
      code: 'NO_AGENT',
      says: /does not answer/,
      hint: /restart qemu-guest-agent/,
    },
    ...[
      `${failed} Command guest-exec has been disabled: the command is not allowed`,
      `${failed11} Command guest-exec has been disabled: the command is not allowed`,
      `${failed} The command guest-exec has been disabled for this instance`,
      `${failed} Agent command was disabled`,
      `${failed} The command guest-exec has not been found`,
    ].map((says) => ({
      name: `may not: ${says.slice(-40)}`,
      cases: [exec(refuses(says))],
      code: 'NO_AGENT',
      says: /may not run programs/,
      hint: /allow guest-exec/,
    })),
    {
      name: 'is of Windows',
      cases: [
        exec(refuses(`${failed11} Failed to execute child process “/bin/sh” (No such file or directory)`)),
        osinfo,
      ],
      code: 'WINDOWS',
      says: /Windows/,
    },
    {
      name: 'has no sh',
      cases: [exec(refuses(`${failed} no \u001b[2J`))],
      code: 'FAILED',
      says: /unable to execute/,
    },
    ...['"871"', '1e400', '-0.5', 'null', '{}'].map((pid) => ({
      name: `says that the pid is ${pid}`,
      cases: [exec(prints(`{"return":{"pid":${pid}}}`))],
      code: 'PROTOCOL',
      says: /^the guest agent answers guest-exec with/,
    })),
    {
      name: 'does not know its pid any more',
      cases: [started, ['*guest-exec-status*', refuses(`${failed11} PID 871 does not exist`)]],
      code: 'FAILED',
      says: /PID 871 does not exist/,
    },
    ...['{"return":{}}', '{"return":{"exited":1}}', '[]', ''].map((answer) => ({
      name: `says ${answer} of the end`,
      cases: [started, status(answer)],
      code: 'PROTOCOL',
      says: /^the guest agent answers guest-exec-status with/,
    })),
    { name: 'prints no JSON', cases: [exec(prints('{"return":'))], code: 'PROTOCOL', says: /not JSON/ },
    {
      name: 'has lost a part',
      cases: [started, status('{"return":{"exited":true,"exitcode":0,"out-data":"","out-truncated":true}}')],
      code: 'PROTOCOL',
      says: /more than the guest agent keeps/,
    },
    { name: 'floods', cases: [exec('exec yes 12345')], code: 'PROTOCOL', says: /more than 16 MiB/ },
    {
      name: 'never ends it',
      cases: [started, status('{"return":{"exited":false}}')],
      code: 'TIMEOUT',
      says: /did not end in time, and goes on in the machine/,
    },
  ])('fails if the agent $name', async ({ cases, code, says, hint }) => {
    const ended = runs(cases)('true', { limitMs: 0 });
    const error = await ended.then(String, (error) => error);
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
    if (hint) expect(error.hint).toMatch(hint);
  });

  it('ends with its caller', async () => {
    const caller = new AbortController();
    const run = runs([started, ['*guest-exec-status*', `${prints('{"return":{"exited":false}}')}`]]);
    const ended = run('true', { signal: caller.signal });
    caller.abort();
    await expect(ended).rejects.toThrow();
  });
});
