import { describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/base/errors.js';
import { envelope, formatJson } from '../../src/cli/json.js';
import { explain } from '../../src/cli/rows.js';
import { checkJson } from '../../src/commands/check/check.js';
import { runDoctor } from '../../src/commands/doctor/checks.js';
import { guestCheckJson } from '../../src/commands/guest/check.js';
import { findingsOf } from '../../src/guest/report.js';
import { runCommandLine } from '../../src/program/run.js';
import { useSocketFolder } from '../connect/socket-folder.js';
import { fakeIo } from '../helpers/fake-io.js';
import {
  checkSchema,
  doctorSchema,
  failedSchema,
  guestCheckSchema,
  jsonSchema,
  listSchema,
} from './json-schemas.js';

/** What a command line prints, and what it exits with. */
async function printed(args: readonly string[], env = {}) {
  const io = fakeIo({ env });
  const code = await runCommandLine(args, io).catch((error) => explain(error, io));
  const text = io.stdout.join('');
  return { code, json: text === '' ? undefined : JSON.parse(text), stderr: io.stderr.join('') };
}

describe('--json', () => {
  const folder = useSocketFolder();

  it('of check has an envelope around its results', async () => {
    const path = await folder.listen((peer) => peer.end('no banner\r\n'));
    const { code, json } = await printed(['check', '--json', '-l', 'ann', `unix${path}`, 'foo/bar']);
    const { results, ...around } = checkSchema.parse(json);
    expect(around).toEqual({ version: 1, command: 'check', ok: false, exitCode: 3 });
    expect(results.map(({ exitCode }) => exitCode)).toEqual([code, 2]);
  });

  it('of check has where the machine is, also if nothing is opened', async () => {
    const { json } = await printed(['check', '--json', '--until=resolved', '-p', '5', 'vsock/3']);
    const [result] = checkSchema.parse(json).results;
    const endpoint = { family: 'vsock', cid: 3, port: 5 };
    expect(result).toMatchObject({ target: 'vsock/3', ok: true, address: 'vsock:3:5', endpoint });
    expect(result).toMatchObject({ parsed: { kind: 'vsock', cid: 3 }, steps: [] });
    expect(result?.routes).toMatchObject([
      { route: 'vsock', address: 'vsock:3:5', endpoint, state: 'skipped' },
    ]);
  });

  it('of list has an envelope around the machines', async () => {
    const { json } = await printed(['list', '--json', '--provider=nspawn']);
    expect(listSchema.parse(json)).toMatchObject({ version: 1, command: 'list', ok: true, exitCode: 0 });
  });

  it('of doctor has an envelope around its checks', async () => {
    const io = fakeIo();
    const code = await runDoctor('json', io);
    const host = doctorSchema.parse(JSON.parse(io.stdout.join('')));
    expect(host).toMatchObject({ version: 1, command: 'doctor', ok: code === 0, exitCode: code });
  });

  it('of check has what stopped it', async () => {
    const args = ['check', '--json', '-l', 'ann', `unix${folder.at('nothing')}`, 'foo/bar'];
    expect(checkSchema.parse((await printed(args)).json)).toMatchObject({
      results: [
        { ok: false, error: { code: 'ENOENT' }, stages: [{ stage: 'parsed' }, { stage: 'resolved' }] },
        { ok: false, exitCode: 2, error: { code: 'USAGE' } },
      ],
    });
  });

  it('of check has what it may be, and what was found inside', () => {
    const error = new ConnectError('connect', 'vsock/3', { code: 'ECONNRESET', problem: 'why' });
    const check = { target: 'mint', stages: [], error };
    const notRun = new ConnectError('connect', 'web', { code: 'NOT_RUN', problem: 'no sudo', hint: 'do' });
    const lines = [
      { state: 'ok', step: 'a', message: 'b' },
      { state: 'fix', step: 'a', message: 'c' },
      { state: 'hint', step: 'a', message: 'd' },
    ] as const;
    const guest = { findings: findingsOf(lines) };
    const entry = { by: 'target', host: 'mint' } as const;
    const suspects = ['accept', 'privsep'] as const;
    const finding = { state: 'failed', name: 'cid-twice', found: 'two', fix: 'fix it' } as const;
    const done = {
      check,
      code: 1,
      findings: [finding],
      suspects,
      guest: { ...guest, entry, ok: false, notRun },
    };
    const [result] = checkSchema.parse(JSON.parse(formatJson(checkJson([done], 1)))).results;
    expect(result).toMatchObject({
      checks: [{ name: 'cid-twice', state: 'failed', found: 'two', fix: 'fix it' }],
      suspects: [{ name: 'accept' }, { name: 'privsep' }],
      guest: {
        checks: [{ name: 'a', found: 'b', fix: 'c', hint: 'd' }],
        error: { code: 'NOT_RUN', hint: 'do' },
      },
    });
  });

  it('of guest check has a fix with what it fixes', () => {
    const lines = [
      { state: 'ok', step: 'systemd', message: 'systemd 255 is PID 1' },
      { state: 'failed', step: 'sshd', message: 'there is none' },
      { state: 'fix', step: 'sshd', message: 'apt-get install' },
      { state: 'end', step: '1', message: 'a step failed' },
    ] as const;
    const by = 'guest';
    expect(
      guestCheckSchema.parse(JSON.parse(formatJson(guestCheckJson(findingsOf(lines), 1)))).checks,
    ).toEqual([
      { name: 'systemd', state: 'ok', found: 'systemd 255 is PID 1', by },
      { name: 'sshd', state: 'failed', found: 'there is none', fix: 'apt-get install', by },
    ]);
  });

  it.each([
    { args: ['check', '--json'], code: 2, error: 'USAGE' },
    { args: ['check', '--json', '--nope', 'a'], code: 2, error: 'USAGE' },
    { args: ['check', '--json', '--until=soon', 'a'], code: 2, error: 'USAGE' },
    { args: ['check', '--json', '--over=b', '--until=banner', 'a'], code: 2, error: 'USAGE' },
    { args: ['doctor', '--json', 'a'], code: 2, error: 'USAGE' },
    { args: ['list', '--json', '--provider=nobody'], code: 2, error: 'USAGE' },
    { args: ['list', '-o', 'json', '-q'], code: 2, error: 'USAGE' },
    { args: ['list', '--output=json', '--nope'], code: 2, error: 'USAGE' },
    { args: ['doctor', '--json', '--report'], code: 2, error: 'USAGE' },
    { args: ['setup', '--json'], code: 2, error: 'USAGE' },
    { args: ['guest', 'check', '--json', '--by=ssh', 'a b'], code: 2, error: 'USAGE' },
    { args: ['guest', 'check', '--json', '--by=wsl', 'wsl/x'], code: 1, error: 'NOT_RUN' },
    { args: ['service', 'list', '--json'], code: 1, error: 'UNSUPPORTED' },
  ])('has one if the command fails too: $args', async ({ args, code, error }) => {
    const { json, stderr, ...rest } = await printed(args, { PATH: '/proc/none' });
    expect(rest.code).toBe(code);
    const command = args
      .filter((word) => /^[a-z]+$/.test(word))
      .slice(0, args[0] === 'guest' || args[0] === 'service' ? 2 : 1);
    expect(failedSchema.parse(json)).toMatchObject({
      ...{ command: command.join(' '), exitCode: code, error: { code: error } },
    });
    expect(stderr).toContain('vmssh: ');
  });

  it.each([
    ['check', '--nope', '--', '--json'],
    ['proxy', '--json', 'a', '1'],
    ['nc', '--json', 'a'],
    ['list', '--nope', '-o', 'wide'],
  ])('is not printed without --json: %s %s', async (...args) => {
    expect((await printed(args)).json).toBeUndefined();
  });

  it('has no control characters', () => {
    const name = '\x1b[2J\x7f\x9b2J\u202e\u2028\u{e0001}\ud800 é 猫';
    const text = formatJson({ ...envelope('list', 0), ...{ name } }, false);
    expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    expect(text).toContain(' é 猫');
    expect(JSON.parse(text).name).toBe(name);
  });

  it('has its shape in docs/', async () => {
    const text = `${JSON.stringify(jsonSchema(), undefined, 2)}\n`;
    await expect(text).toMatchFileSnapshot('../../docs/reference/json.schema.json');
  });
});
