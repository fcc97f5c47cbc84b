import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingPrograms } from '../helpers/programs.js';
import { dist, executable as executableOf, run, runtime } from '../helpers/run.js';
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

  it.skipIf(runtime !== 'engine')('has no runtime that obeys variables of its own', async () => {
    const preload = join(dir, 'preload.js');
    writeFileSync(preload, 'console.log("not vmssh");');
    const env = {
      BUN_OPTIONS: `--preload ${preload}`,
      BUN_BE_BUN: '1',
      NODE_OPTIONS: `--require ${preload}`,
    };
    expect(await run([executable, 'resolve', 'vsock/3'], { env })).toMatchObject({ stdout: 'vsock:3:22\n' });
  });

  it.skipIf(runtime === 'engine')("obeys its runtime's own variables, as docs/security.md says", async () => {
    const page = readFileSync('docs/security.md', 'utf8');
    const preload = join(dir, 'preload.js');
    writeFileSync(preload, 'console.log("not vmssh");');
    const env = { BUN_OPTIONS: `--preload ${preload}` };
    expect(await run([executable, 'resolve', 'vsock/3'], { env })).toMatchObject({
      stdout: 'not vmssh\nvsock:3:22\n',
    });
    const asBun = await run([executable, 'run', preload], { env: { BUN_BE_BUN: '1' } });
    expect(asBun).toMatchObject({ stdout: 'not vmssh\n' });
    for (const name of ['BUN_OPTIONS', 'BUN_BE_BUN']) expect(page).toContain(name);
  });

  it('names itself in the configuration', async () => {
    const result = await run([executable, 'config', 'print']);
    expect(result.stdout).toContain(`ProxyCommand ${executable} proxy --fdpass`);
  });

  it.skipIf(runtime === 'engine')('takes its addon from its own folder alone', async () => {
    mkdirSync(join(dir, 'alone'));
    cpSync(executable, join(dir, 'alone/vmssh'));
    cpSync(dist('linux-x64/node-hvsock-native.node'), join(dir, 'node-hvsock-native.node'));
    const result = await run([join(dir, 'alone/vmssh'), 'proxy', 'vsock/3', '22'], {
      cwd: dir,
      keepOpen: true,
    });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(join(dir, 'alone/node-hvsock-native.node'));
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
        const env = { ...process.env, PATH: '/usr/bin:/bin' };
        const result = await run([...strace, executable, ...command], { cwd, env, keepOpen: true });
        expect(result.stderr).not.toContain('a fault of vmssh');
        // The arguments of a program are no paths; and a checkout may itself lie in the temp folder.
        const calls = readFileSync(join(dir, 'trace'), 'utf8').replaceAll(/\[[^\]\n]*\]/g, '');
        const touched = [...calls.matchAll(/"([^"\n]+)"/g)]
          .map(([, path = '']) => path)
          .filter((path) => !path.startsWith(`${dirname(executable)}/`));
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
