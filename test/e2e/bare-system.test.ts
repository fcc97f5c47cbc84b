import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingPrograms } from '../helpers/programs.js';
import { executable as executableOf, run, runtime } from '../helpers/run.js';
import { startSshd } from '../helpers/sshd.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { compile } from '../native/support/compile.js';

describe.skipIf(executableOf === undefined)('the executable where a system gives little', () => {
  const executable = executableOf ?? '';
  const dir = useTempDir();
  const path = join(dir, 'ssh.sock');
  const server = createServer((socket) => socket.end('SSH-2.0-here\r\n'));
  beforeAll(() => new Promise<void>((resolve) => server.listen(path, resolve)));
  afterAll(() => void server.close());
  const banner = (script: string, ...before: readonly string[]) =>
    run([...before, 'sh', '-c', script, executable, 'nc', '--banner', `unix${path}`]);
  const answer = { code: 0, stdout: 'SSH-2.0-here\n', stderr: '' };

  const missing = missingPrograms({ unshare: 'util-linux', mount: 'mount' });
  // AddressSanitizer itself reads /proc.
  it.skipIf(missing || runtime === 'sanitized')('works without /proc', async () => {
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
    { name: 'stdout', close: '>&-', want: { code: 0, stdout: '', stderr: '' } },
    { name: 'all three', close: '<&- >&- 2>&-', want: { code: 0, stdout: '', stderr: '' } },
  ])('works if it is started without $name', async ({ close, want }) => {
    expect(await banner(`exec "$0" "$@" ${close}`)).toMatchObject(want);
  });

  it('works without any environment', async () => {
    expect(await banner('exec env -i "$0" "$@"')).toMatchObject(answer);
  });

  it('works in a folder that was removed', async () => {
    const script = 'd=$(mktemp -d) && cd "$d" && rmdir "$d" && exec "$0" "$@"';
    expect(await banner(script)).toMatchObject(answer);
  });

  const refusing = compile('refusing.c', new URL('../native/fixtures/', import.meta.url));
  const underFilter = [refusing ?? '', 'container'];
  it.skipIf(!refusing)('works under the seccomp filter of a container', async () => {
    expect(await banner('exec "$0" "$@"', ...underFilter)).toMatchObject(answer);
    const list = await run([...underFilter, executable, 'list', '--json', '--provider', 'qemu,lima']);
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(list.stdout)).toMatchObject({ command: 'list', exitCode: 0 });
  });

  const missingSsh = missingPrograms({ ssh: 'openssh-client', sshd: 'openssh-server' });
  it.skipIf(missingSsh || !refusing).each(['fdpass', 'relay'] as const)(
    'lets ssh log in by %s under the seccomp filter of a container',
    async (mode) => {
      const sshd = await startSshd(dir, `${mode}.sock`);
      const proxy = `${underFilter.join(' ')} ${executable} proxy ${mode === 'fdpass' ? '--fdpass ' : ''}unix${sshd.path} 22`;
      const command = [...sshd.ssh(mode), '-o', `ProxyCommand=${proxy}`, `unix${sshd.path}`, 'exit 7'];
      expect(await run(command)).toMatchObject({ code: 7, stderr: '' });
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
