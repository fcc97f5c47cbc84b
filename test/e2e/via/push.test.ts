import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { missingExecutable } from '../../helpers/addon.js';
import { findProgram, missingPrograms } from '../../helpers/programs.js';
import { dist, run, runtime, executable as tested, vmssh } from '../../helpers/run.js';
import { placeSchema } from '../../program/json-schemas.js';
import { needed, script, useHypervisors } from './hypervisors.js';

/** What is put there: the program itself, or the executable beside Node's. */
const executable = tested ?? dist('linux-x64/vmssh');
const systems = { x64: 'Linux x86_64', arm64: 'Linux aarch64' };
const [own, another] = runtime === 'arm64' ? (['arm64', 'x64'] as const) : (['x64', 'arm64'] as const);

const missing = missingPrograms(needed) ?? missingExecutable(existsSync(executable));

describe.skipIf(missing)('vmssh via push', () => {
  const names = ['sha256sum', 'mktemp', 'mkdir', 'mv', 'rm', 'cat', 'grep', 'chmod'];
  const programs = Object.fromEntries(names.map((name) => [name, findProgram(name) ?? name]));
  const bed = useHypervisors({ hv1: { programs }, other: { programs }, bare: {} });
  const ours = (...args: string[]) => run([...vmssh, 'via', ...args], { env: bed.env });
  const binOf = (host: string) => join(bed.hosts[host]?.home ?? '', '.local/bin');
  const become = (host: string, system: string) =>
    script(join(bed.hosts[host]?.bin ?? '', 'uname'), `echo ${system}`);
  beforeAll(() => {
    become('hv1', systems[own]);
    become('other', systems[another]);
  });
  /** The executable where nothing is next to it, or in a folder of this name. */
  const copy = (folder: string) => {
    mkdirSync(join(bed.dir, folder), { recursive: true });
    copyFileSync(executable, join(bed.dir, folder, 'vmssh'));
    return join(bed.dir, folder, 'vmssh');
  };
  /** The head of an ELF file for a machine of elf(5), and nothing after it. */
  const head = (machine: number) =>
    Buffer.from(`7f454c460201010000000000000000000200${machine.toString(16)}00`, 'hex');

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

  it('skips what the hypervisor prints on its own, also without a line end', async () => {
    const bashrc = join(bed.hosts.hv1?.home ?? '', '.bashrc');
    writeFileSync(bashrc, 'echo Welcome; printf "no line end"\n');
    expect(await ours('push', 'hv1')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^hv1: vmssh .* now\n$/),
    });
    expect(await ours('remove', 'hv1')).toMatchObject({ code: 0, stdout: 'hv1: vmssh was removed\n' });
    rmSync(bashrc);
  });

  it('says as JSON what happened on each', async () => {
    const { code, stdout } = await ours('remove', '--json', 'hv1', 'other', 'nobody');
    expect(code).toBe(1);
    expect(placeSchema.parse(JSON.parse(stdout))).toMatchObject({
      command: 'via remove',
      ok: false,
      exitCode: 1,
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
    const alone = copy('alone');
    expect(await run([alone, 'via', 'push', 'other', 'bare'], { env: bed.env })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        new RegExp(
          `other is "${systems[another]}", and ".*/alone/vmssh" is for ${systems[own]}\n.*--executable FILE other\n.*bare has no sha256sum`,
        ),
      ),
    });
    expect(existsSync(binOf('other'))).toBe(false);
    become('other', 'Linux riscv64');
    expect(await ours('push', 'other')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/other is "Linux riscv64".*\n.*no vmssh is built for it/),
    });
    become('other', systems[own]);
    rmSync(join(bed.hosts.other?.bin ?? '', 'cat'));
    symlinkSync(findProgram('true') ?? '/bin/true', join(bed.hosts.other?.bin ?? '', 'cat'));
    expect(await ours('push', 'other')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('did not arrive complete on other, and was not kept there'),
    });
    expect(readdirSync(binOf('other'))).toEqual([]);
    rmSync(join(bed.hosts.other?.bin ?? '', 'cat'));
    symlinkSync(findProgram('cat') ?? '/bin/cat', join(bed.hosts.other?.bin ?? '', 'cat'));
    become('other', systems[another]);
  });

  it('takes the executable for another processor that is next to its own', async () => {
    const path = copy(`vmssh/node_modules/vmssh-linux-${own}`);
    const push = () => run([path, 'via', 'push', 'other'], { env: bed.env });
    expect(await push()).toMatchObject({ stderr: expect.stringContaining('--executable FILE other') });
    mkdirSync(join(bed.dir, `vmssh-linux-${another}`));
    // It is taken, and fails there.
    writeFileSync(join(bed.dir, `vmssh-linux-${another}/vmssh`), head(another === 'arm64' ? 183 : 62));
    expect(await push()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('vmssh does not run on other, and was not kept there'),
    });
    // One for our own processor is not taken for the other.
    writeFileSync(join(bed.dir, `vmssh-linux-${another}/vmssh`), head(another === 'arm64' ? 62 : 183));
    expect(await push()).toMatchObject({ stderr: expect.stringContaining('--executable FILE other') });
  });

  it('takes the executable that is named', async () => {
    await ours('remove', 'hv1');
    const named = copy('named');
    expect(await ours('push', '--executable', named, 'hv1', 'other')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^hv1: vmssh .* now\n$/),
      stderr: expect.stringContaining(
        `other is "${systems[another]}", and "${named}" is for ${systems[own]}`,
      ),
    });
    expect(readFileSync(join(binOf('hv1'), 'vmssh')).equals(readFileSync(named))).toBe(true);
    await ours('remove', 'hv1');
  });

  it.each([
    { name: 'no file', file: 'none', want: '/none" cannot be read: ENOENT' },
    { name: 'a folder', file: '.', want: '" is not a program for Linux x86_64 or Linux aarch64' },
    { name: 'a FIFO', file: 'fifo', want: '/fifo" is not a program for' },
    { name: 'a script', file: 'ssh', want: '/ssh" is not a program for' },
    { name: 'of 32 bits', file: 'short', want: '/short" is not a program for' },
    { name: 'for riscv64', file: 'riscv', want: '/riscv" is not a program for' },
  ])('refuses what is $name', async ({ file, want }) => {
    if (file === 'fifo') await run(['mkfifo', join(bed.dir, file)]);
    if (file === 'short') writeFileSync(join(bed.dir, file), head(62).fill(1, 4, 5));
    if (file === 'riscv') writeFileSync(join(bed.dir, file), head(243));
    const path = join(bed.dir, file);
    expect(await ours('push', '--executable', path, 'hv1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(want),
    });
  });

  it('does not leave a program there that says another version', async () => {
    const there = join(bed.dir, 'says/vmssh');
    mkdirSync(join(bed.dir, 'says'));
    // The script there runs what arrived; this one's own shell answers in place of it.
    writeFileSync(there, head(own === 'x64' ? 62 : 183));
    script(
      join(bed.hosts.hv1?.bin ?? '', 'chmod'),
      `printf '#!/bin/sh\\necho 0.0.1\\n' >"$2"; exec ${findProgram('chmod')} "$@"`,
    );
    const pushed = await ours('push', '--executable', there, 'hv1');
    expect(pushed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /the program says "0\.0\.1" on hv1, but this is vmssh .*: it was not kept there/,
      ),
    });
    expect(readdirSync(binOf('hv1'))).toEqual([]);
  });
});

// With the executables for both processors, where Linux starts both: npm run test:arm64.
describe.skipIf(missingPrograms(needed) || runtime !== 'arm64' || !existsSync(dist('linux-x64/vmssh')))(
  'vmssh via push between processors',
  () => {
    const names = ['sha256sum', 'mktemp', 'mkdir', 'mv', 'rm', 'cat', 'grep', 'chmod'];
    const programs = Object.fromEntries(names.map((name) => [name, findProgram(name) ?? name]));
    const bed = useHypervisors({ x64: { programs }, arm64: { programs } });

    it.each([
      { from: 'x64', to: 'arm64' },
      { from: 'arm64', to: 'x64' },
    ] as const)('puts the executable for $to there from $from', async ({ from, to }) => {
      script(join(bed.hosts[to]?.bin ?? '', 'uname'), `echo ${systems[to]}`);
      expect(await run([dist(`linux-${from}/vmssh`), 'via', 'push', to], { env: bed.env })).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/ now\n$/),
        stderr: '',
      });
      const there = join(bed.hosts[to]?.home ?? '', '.local/bin/vmssh');
      expect(readFileSync(there).equals(readFileSync(dist(`linux-${to}/vmssh`)))).toBe(true);
      const banner = ['nc', '--banner', '-v', `via/${to}/unix${bed.guest.path}`];
      expect(await run([dist(`linux-${from}/vmssh`), ...banner], { env: bed.env })).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(`, by vmssh on ${to}`),
      });
    });
  },
);
