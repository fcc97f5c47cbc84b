import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingPrograms } from '../helpers/programs.js';
import { executable as executableOf, isSanitized, run, underTrace } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe.skipIf(executableOf === undefined)('the executable', () => {
  const executable = executableOf ?? '';
  const dir = useTempDir();

  it('is vsock-nc by that name', async () => {
    const path = join(dir, 'ssh.sock');
    const server = createServer((socket) => socket.end('SSH-2.0-here\r\n'));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    symlinkSync(executable, join(dir, 'vsock-nc'));
    const result = await run([join(dir, 'vsock-nc'), '--banner', `unix${path}`]);
    expect(result).toMatchObject({ code: 0, stdout: 'SSH-2.0-here\n' });
    server.close();
  });

  it.skipIf(isSanitized || missingPrograms({ objdump: 'binutils' }))(
    'needs no library and no loader',
    async () => {
      const { stdout } = await run(['objdump', '-p', executable]);
      expect(stdout).toContain('RELRO');
      expect(stdout).not.toMatch(/NEEDED|INTERP/);
    },
  );

  it('works in an empty environment', async () => {
    expect(await run([executable, 'resolve', 'vsock/3'], { env: {} })).toMatchObject({
      code: 0,
      stdout: 'vsock:3:22\n',
    });
  });

  it('starts in a folder that was removed', async () => {
    const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && exec "$2" resolve vsock/3';
    const result = await run(['sh', '-c', script, 'sh', join(dir, 'gone'), executable]);
    expect(result).toMatchObject({ code: 0, stdout: 'vsock:3:22\n', stderr: '' });
  });

  it('has no runtime that obeys variables of its own', async () => {
    const preload = join(dir, 'preload.js');
    writeFileSync(preload, 'console.log("not vmssh");');
    const env = {
      BUN_OPTIONS: `--preload ${preload}`,
      BUN_BE_BUN: '1',
      NODE_OPTIONS: `--require ${preload}`,
    };
    expect(await run([executable, 'resolve', 'vsock/3'], { env })).toMatchObject({ stdout: 'vsock:3:22\n' });
  });

  it('installs its configuration, by the flags that open(2) has on this processor', async () => {
    const home = join(dir, 'home');
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    const options = { env: { HOME: home, PATH: process.env.PATH } };
    const install = [executable, 'config', 'install', '--no-fresh'];
    expect(await run(install, options)).toMatchObject({ code: 0 });
    const written = join(home, '.ssh/vmssh.conf');
    expect(readFileSync(written, 'utf8')).toContain(`ProxyCommand ${executable} proxy`);
  });

  it('names itself in the configuration', async () => {
    const result = await run([executable, 'config', 'print']);
    expect(result.stdout).toContain(`ProxyCommand ${executable} proxy --fdpass`);
  });

  const missing = missingPrograms({ strace: 'strace' });
  it.skipIf(missing)(
    'reads nothing of the folder where it is called, and nothing in the temp folder',
    async () => {
      const cwd = join(dir, 'cwd');
      mkdirSync(cwd);
      for (const name of ['.env', 'bunfig.toml', 'tsconfig.json', 'package.json', 'node_modules', '.npmrc']) {
        writeFileSync(join(cwd, name), '{');
      }
      const strace = ['strace', '-f', '-e', 'trace=%file', '-s', '500', '-o', join(dir, 'trace')];
      for (const command of [['proxy', 'unix/no/such', '22'], ['--help'], ['check', 'unix/no/such']]) {
        // npm's own PATH has folders of the checkout: ssh is looked for in each.
        const env = { ...process.env, ...underTrace, PATH: '/usr/bin:/bin' };
        const result = await run([...strace, executable, ...command], { cwd, env, keepOpen: true });
        expect(result.stderr).not.toContain('a bug in vmssh');
        // A program's arguments are not paths; and the checkout may itself be in the temp folder. ThreadSanitizer has a file of its own.
        const calls = readFileSync(join(dir, 'trace'), 'utf8').replaceAll(/\[[^\]\n]*\]/g, '');
        const touched = [...calls.matchAll(/"([^"\n]+)"/g)]
          .map(([, path = '']) => path)
          .filter((path) => !path.startsWith(`${dirname(executable)}/`) && !isOfThreadSanitizer(path));
        const inside = touched.filter(
          (path) => path.startsWith(`${cwd}/`) || path.startsWith(`${tmpdir()}/`),
        );
        expect(inside.filter((path) => path !== cwd)).toEqual([]);
        const relative = touched.filter(
          (path) => path !== '' && !path.startsWith('/') && !command.includes(path),
        );
        expect(relative).toEqual([]);
      }
    },
  );
});

function isOfThreadSanitizer(path: string): boolean {
  return isSanitized && path.startsWith('/tmp/tsan.rodata.');
}
