import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { candidates } from 'node-hvsock-native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ends } from '../helpers/expected.js';
import { lacks, missingFiles } from '../helpers/programs.js';
import { executable as executableOf, isSanitized, run, runtime, underTrace } from '../helpers/run.js';
import { startSshd } from '../helpers/sshd.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { compile, compileForMusl } from '../native/support/compile.js';

describe.skipIf(executableOf === undefined)('the executable where a system gives little', () => {
  const executable = executableOf ?? '';
  const dir = useTempDir();
  const path = join(dir, 'ssh.sock');
  // One that could not be printed is not read to its end.
  const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-here\r\n'));
  beforeAll(() => new Promise<void>((resolve) => server.listen(path, resolve)));
  afterAll(() => void server.close());
  const env = { ...process.env, ...underTrace };
  const banner = (script: string, ...before: readonly string[]) =>
    run([...before, 'sh', '-c', script, executable, 'nc', '--banner', `unix${path}`], { env });
  const answer = { code: 0, stdout: 'SSH-2.0-here\n', stderr: '' };

  const missing = lacks('unshare', 'mount');
  // AddressSanitizer itself reads /proc.
  it.skipIf(missing || isSanitized)('works without /proc', async () => {
    const script = 'mount -t tmpfs none /proc && exec "$0" "$@"';
    expect(await banner(script, 'unshare', '-rm')).toMatchObject(answer);
  });

  it.skipIf(missing)('works with a temp folder that runs no program', async () => {
    const script = 'mount -t tmpfs -o noexec none /var/tmp && TMPDIR=/var/tmp exec "$0" "$@"';
    expect(await banner(script, 'unshare', '-rm')).toMatchObject(answer);
  });

  it.each([
    { name: 'stdin', close: '<&-', want: answer },
    { name: 'stderr', close: '2>&-', want: answer },
    // What it printed reached nobody.
    { name: 'stdout', close: '>&-', want: { code: 1, stdout: '', stderr: expect.stringContaining('EBADF') } },
    { name: 'all three', close: '<&- >&- 2>&-', want: { code: 1, stdout: '', stderr: '' } },
  ])('ends as it should if it is started without $name', async ({ close, want }) => {
    expect(await banner(`exec "$0" "$@" ${close}`)).toMatchObject(want);
  });

  it('works without any environment', async () => {
    expect(await banner('exec env -i "$0" "$@"')).toMatchObject(answer);
  });

  const refusing = compile('refusing.c', new URL('../native/fixtures/', import.meta.url));
  const underFilter = [refusing ?? '', 'container'];
  it.skipIf(!refusing)('works under the seccomp filter of a container', async () => {
    expect(await banner('exec "$0" "$@"', ...underFilter)).toMatchObject(answer);
    const list = await run([...underFilter, executable, 'list', '--json', '--provider', 'qemu,lima'], {
      env,
    });
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(list.stdout)).toMatchObject({ command: 'list', exitCode: 0 });
  });

  const missingSsh = lacks('ssh', 'sshd');
  it.skipIf(missingSsh || !refusing).each(['fdpass', 'relay'] as const)(
    'lets ssh log in by %s under the seccomp filter of a container',
    async (mode) => {
      const sshd = await startSshd(dir, `${mode}.sock`);
      const proxy = `${underFilter.join(' ')} ${executable} proxy ${mode === 'fdpass' ? '--fdpass ' : ''}unix${sshd.path} 22`;
      const command = [...sshd.ssh(mode), '-o', `ProxyCommand=${proxy}`, `unix${sshd.path}`, 'exit 7'];
      expect(await run(command, { env })).toMatchObject({ code: 7, stderr: '' });
      await sshd.close();
    },
  );

  it.skipIf(missingSsh)('passes a socket to ssh with 3 free descriptors', async () => {
    const sshd = await startSshd(dir, 'sshd.sock');
    const proxy = `sh -c 'ulimit -n 6; exec ${executable} proxy --fdpass unix${sshd.path} 22'`;
    const command = [...sshd.ssh('fdpass'), '-o', `ProxyCommand=${proxy}`, `unix${sshd.path}`, 'exit 7'];
    expect(await run(command)).toMatchObject({ code: 7, stderr: '' });
    await sshd.close();
  });
});

const musl = '/lib/x86_64-linux-musl/libc.so';
const noRoot = lacks('unshare', 'mount', 'ssh', 'sshd') ?? missingFiles({ [musl]: 'musl' });

describe.skipIf(noRoot)('a root with the libc of Alpine, and no other', () => {
  const dir = useTempDir();
  const within = 'mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"';
  const inRoot = (...command: readonly string[]) => ['unshare', '-rm', 'sh', '-c', within, dir, ...command];
  beforeAll(() => {
    for (const folder of ['bin', 'lib', 'proc', 'root', 'tmp']) mkdirSync(join(dir, folder));
    copyFileSync(musl, join(dir, 'lib/ld-musl-x86_64.so.1'));
  });

  // AddressSanitizer's runtime is glibc's.
  describe.skipIf(executableOf === undefined || isSanitized)('the executable', () => {
    beforeAll(() => copyFileSync(executableOf ?? '', join(dir, 'bin/vmssh')));

    it('runs there, and writes its ssh_config', async () => {
      const about = JSON.parse((await run(inRoot('/bin/vmssh', '--version', '--json'))).stdout);
      const platform = `linux-${runtime === 'arm64' ? 'arm64' : process.arch}`;
      expect(about).toMatchObject({ engine: { name: 'QuickJS-ng' }, platform });
      expect(about.features).toEqual(expect.arrayContaining(['unix', 'vsock', 'fd-passing']));
      const list = await run(inRoot('/bin/vmssh', 'list', '--json'), { env: { PATH: process.env.PATH } });
      expect(JSON.parse(list.stdout)).toMatchObject({ command: 'list', exitCode: 0 });
      const install = inRoot('/bin/vmssh', 'config', 'install', '--no-fresh');
      await ends(0, run(install, { env: { PATH: process.env.PATH, HOME: '/root' } }));
      const written = readFileSync(join(dir, 'root/.ssh/vmssh.conf'), 'utf8');
      expect(written).toContain('/bin/vmssh proxy --fdpass');
    });

    it.each(['--fdpass', ''])('lets ssh log in with its proxy there: %j', async (mode) => {
      const sshd = await startSshd(dir, `sshd${mode}.sock`);
      writeFileSync(
        join(dir, `proxy${mode}`),
        `#!/bin/sh\nexec unshare -rm sh -c '${within}' ${dir} /bin/vmssh proxy ${mode} unix/sshd${mode}.sock 22\n`,
        { mode: 0o755 },
      );
      const config = sshd.config(mode === '' ? 'relay' : 'fdpass');
      const proxy = `ProxyCommand=${join(dir, `proxy${mode}`)}`;
      const command = ['ssh', '-F', config, '-o', proxy, `unix${sshd.path}`, 'exit 7'];
      expect(await run(command)).toMatchObject({ code: 7, stderr: '' });
      await sshd.close();
    });
  });

  // Debian has no Node for musl: this is what its dlopen gets.
  const dlopen = compileForMusl('dlopen.c');
  const addon = candidates()[0] ?? '';
  it.skipIf(!dlopen || !existsSync(addon))('the addon for Node is not loaded there', async () => {
    copyFileSync(dlopen ?? '', join(dir, 'bin/dlopen'));
    copyFileSync(addon, join(dir, 'lib/addon.node'));
    expect(await run(inRoot('/bin/dlopen', '/lib/addon.node'))).toEqual({
      code: 1,
      signal: null,
      stderr: '',
      stdout: expect.stringMatching(/^Error loading shared library \S+: No such file/),
    });
  });
});
