import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findProgram, missingPrograms } from '../../helpers/programs.js';
import { dist, run, executable as tested, vmssh } from '../../helpers/run.js';
import { placeSchema } from '../../program/json-schemas.js';
import { needed, script, useHypervisors } from './hypervisors.js';

/** What is put there: the program itself, or the executable beside Node's. */
const executable = tested ?? dist('linux-x64/vmssh');

describe.skipIf(missingPrograms(needed) || !existsSync(executable))('vmssh via push', () => {
  const names = ['sha256sum', 'mktemp', 'mkdir', 'mv', 'rm', 'cat', 'grep', 'chmod'];
  const programs = Object.fromEntries(names.map((name) => [name, findProgram(name) ?? name]));
  const uname = findProgram('uname') ?? 'uname';
  const bed = useHypervisors({ hv1: { programs: { ...programs, uname } }, other: { programs }, bare: {} });
  const ours = (...args: string[]) => run([...vmssh, 'via', ...args], { env: bed.env });
  const binOf = (host: string) => join(bed.hosts[host]?.home ?? '', '.local/bin');
  beforeAll(() => script(join(bed.hosts.other?.bin ?? '', 'uname'), 'echo Linux aarch64'));

  it('puts the executable there, once, and removes it again', async () => {
    expect(await ours('remove', 'hv1')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('there is no vmssh'),
    });
    expect(await ours('push', 'hv1')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^hv1: vmssh .* now\n$/),
      stderr: '',
    });
    expect(readFileSync(join(binOf('hv1'), 'vmssh')).equals(readFileSync(executable))).toBe(true);
    expect(readdirSync(binOf('hv1'))).toEqual(['vmssh']);
    expect(await ours('push', 'hv1')).toMatchObject({ code: 0, stdout: 'hv1: it has this vmssh already\n' });
    const banner = await run([...vmssh, 'nc', '--banner', '-v', `via/hv1/unix${bed.guest.path}`], {
      env: bed.env,
    });
    expect(banner).toMatchObject({ code: 0, stderr: expect.stringContaining(', by vmssh on hv1') });
    expect(await ours('remove', 'hv1')).toMatchObject({ code: 0, stdout: 'hv1: vmssh was removed\n' });
    expect(readdirSync(binOf('hv1'))).toEqual([]);
  });

  it('says as JSON what happened on each', async () => {
    const { code, stdout } = await ours('remove', '--json', 'hv1', 'other', 'nobody');
    expect(code).toBe(1);
    expect(placeSchema.parse(JSON.parse(stdout))).toMatchObject({
      ...{ command: 'via remove', ok: false, exitCode: 1 },
      results: [
        { host: 'hv1', ok: true, outcome: 'absent' },
        { host: 'other', ok: true, outcome: 'absent' },
        { host: 'nobody', ok: false, error: { target: 'nobody', code: 'HOP_FAILED' } },
      ],
    });
    const pushed = await ours('push', '--json', 'hv1');
    expect(placeSchema.parse(JSON.parse(pushed.stdout)).results).toEqual([
      { host: 'hv1', ok: true, outcome: 'pushed' },
    ]);
  });

  it('replaces an older one of its own, and touches no other', async () => {
    await ours('push', 'hv1');
    const path = join(binOf('hv1'), 'vmssh');
    const record = join(bed.hosts.hv1?.home ?? '', '.local/share/vmssh/pushed');
    writeFileSync(path, 'an older one');
    expect(await ours('push', 'hv1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a ~/.local/bin/vmssh that vmssh via push did not put there'),
    });
    expect(await ours('remove', 'hv1')).toMatchObject({ code: 1 });
    expect(readFileSync(path, 'utf8')).toBe('an older one');
    const [sum = ''] = (await run(['sha256sum', path])).stdout.split(' ');
    writeFileSync(record, `${sum}\n`);
    expect(await ours('push', 'hv1')).toMatchObject({ code: 0, stdout: expect.stringContaining(' now') });
  });

  it('leaves nothing where it cannot run or did not arrive', async () => {
    expect(await ours('push', 'other', 'bare')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/other is "Linux aarch64".*\n.*bare has no sha256sum/),
    });
    expect(existsSync(binOf('other'))).toBe(false);
    writeFileSync(join(bed.hosts.other?.bin ?? '', 'uname'), '#!/bin/sh\necho Linux x86_64\n');
    rmSync(join(bed.hosts.other?.bin ?? '', 'cat'));
    symlinkSync(findProgram('true') ?? '/bin/true', join(bed.hosts.other?.bin ?? '', 'cat'));
    expect(await ours('push', 'other')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('did not arrive whole on other, and is not left there'),
    });
    expect(readdirSync(binOf('other'))).toEqual([]);
  });
});
