import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingPrograms } from '../helpers/programs.js';
import { executable as executableOf, isSanitized, run, runtime } from '../helpers/run.js';
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

  it.skipIf(isSanitized || runtime === 'arm64')(
    'says that memory is short, however short it is',
    async () => {
      // In steps of 40 KiB, from what the file itself takes; with less the kernel does not start it (SIGSEGV).
      const each =
        '(ulimit -v $k; exec "$0" check --until=resolved vsock/3) 2>&1 >/dev/null; echo "ends with $?"';
      const script = `first=$(($(stat -c %s "$0") / 1024)); for k in $(seq $first 40 $((first + 2400))); do ${each}; done`;
      const { stdout } = await run(['sh', '-c', script, executable]);
      const started = stdout.replace(/^(Segmentation fault.*\n|ends with 139\n)+/, '');
      const lines = started.split('\n').filter((line) => line !== '' && line !== 'ends with 0');
      expect(lines).toContain('ends with 1');
      expect(lines.filter((line) => !/not enough memory|^hint: |^ends with 1$/.test(line))).toEqual([]);
    },
  );

  it('has no runtime that obeys variables of its own', async () => {
    const preload = join(dir, 'preload.js');
    writeFileSync(preload, 'console.log("not vmssh");');
    const env = {
      BUN_OPTIONS: `--preload ${preload}`,
      BUN_BE_BUN: '1',
      NODE_OPTIONS: `--require ${preload}`,
    };
    expect(await run([executable, 'guid', '22'], { env })).toMatchObject({
      stdout: '00000016-facb-11e6-bd58-64006a7986d3\n',
    });
  });

  it('installs its configuration, by the flags that open(2) has on this processor', async () => {
    const home = join(dir, 'home');
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    const options = { env: { HOME: home, PATH: process.env.PATH } };
    const install = [executable, 'config', 'install', '--no-fresh'];
    expect(await run(install, options)).toMatchObject({ code: 0 });
    const written = join(home, '.ssh/vmssh.conf');
    expect(readFileSync(written, 'utf8')).toContain(`ProxyCommand ${executable} proxy --fdpass`);
  });
});
