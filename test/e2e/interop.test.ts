import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/native.js';
import { missingPrograms } from '../helpers/programs.js';
import { run, vmssh } from '../helpers/run.js';
import { type SshdOnSocket, startSshd } from '../helpers/sshd.js';
import { useTempDir } from '../helpers/temp-dir.js';

const missing = missingPrograms({ ssh: 'openssh-client', sshd: 'openssh-server' });
const modes = loadAddon().addon ? (['fdpass', 'relay'] as const) : (['relay'] as const);
const listed = {
  version: 1,
  machines: [
    { name: 'Mint', target: 'hyper-v/Mint', status: 'running', uuid: '86e0c1e9-782c-47e0-b7c2-99f8167f5178' },
  ],
  warnings: [],
};

describe.skipIf(missing)('inside WSL2, with a stand-in for vmssh.exe on PATH', () => {
  const dir = useTempDir();
  let sshd: SshdOnSocket;
  let env: NodeJS.ProcessEnv;
  const calls = () => readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');

  beforeAll(async () => {
    sshd = await startSshd(dir);
    const relay = [...vmssh, 'proxy', `unix${sshd.path}`, '22'].map((word) => `'${word}'`).join(' ');
    const script = `#!/bin/sh
echo "$*" >> '${dir}/calls'
case $1 in
  list) echo '${JSON.stringify(listed)}' ;;
  *) exec ${relay} ;;
esac
`;
    writeFileSync(join(dir, 'vmssh.exe'), script, { mode: 0o755 });
    env = { ...process.env, PATH: `${process.env.PATH}:${dir}`, WSL_DISTRO_NAME: 'Test' };
  });
  afterAll(() => sshd.close());
  beforeEach(() => rmSync(join(dir, 'calls'), { force: true }));

  it.each(modes)('ssh logs in to a Hyper-V machine through it, by %s', async (mode) => {
    const ssh = [...sshd.ssh(mode), '-o', `UserKnownHostsFile=${join(dir, 'known_hosts')}`];
    const login = [...ssh, 'hyper-v/Mint', 'cat; exit 7'];
    const { code, stdout, stderr } = await run(login, { env, input: 'hello' });
    expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: 'hello', stderr: '' });
    expect(calls()).toEqual(['proxy --timeout=15 -- hyper-v/Mint 22']);
  });

  it('vmssh nc and vsock-nc -t pass what they were asked for', async () => {
    const target = '86e0c1e9-782c-47e0-b7c2-99f8167f5178';
    const options = ['-t', 'vsock,ip', '--wait=3', '--banner'];
    const { stdout } = await run([...vmssh, 'nc', ...options, target, '2222'], { env });
    expect(stdout).toMatch(/^SSH-2\.0-/);
    expect(calls()).toEqual([`nc --banner -t vsock,ip --timeout=15 --wait=3 -- ${target} 2222`]);
  });

  it('vmssh list shows the machines of Windows, too', async () => {
    const { code, stdout } = await run([...vmssh, 'list', '--provider=hyper-v'], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'running\tMint\thyper-v/Mint\thyper-v\n' });
    expect(calls()).toEqual(['list --json --provider=hyper-v']);
  });

  it('VMSSH_WINDOWS names another one, and what is wrong with it is told', async () => {
    const broken = join(dir, 'broken');
    writeFileSync(broken, '#!/bin/sh\necho no json\n', { mode: 0o755 });
    const { code, stderr } = await run([...vmssh, 'list', '--provider=hyper-v'], {
      env: { ...env, VMSSH_WINDOWS: broken },
    });
    expect({ code, stderr }).toEqual({
      ...{ code: 1, stderr: expect.stringContaining('vmssh.exe printed "no json') },
    });
  });

  it('says how to get there where vmssh.exe is missing', async () => {
    const without = { ...env, PATH: process.env.PATH };
    const { code, stderr } = await run([...vmssh, 'proxy', 'hyper-v/Mint', '22'], {
      env: without,
      keepOpen: true,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('hint: put vmssh.exe into a folder of the PATH of Windows');
  });
});

describe('outside of Windows and WSL2', () => {
  it('hyper-v/NAME says where it would work', async () => {
    const { WSL_DISTRO_NAME: _, WSL_INTEROP: __, ...env } = process.env;
    const { code, stderr } = await run([...vmssh, 'proxy', 'hyper-v/Mint', '22'], { env, keepOpen: true });
    expect(code).toBe(1);
    expect(stderr).toBe(
      'vmssh: cannot find "hyper-v/Mint": Hyper-V machines are not reached from linux\nhint: they are reached from Windows and from inside WSL2\n',
    );
  });
});
