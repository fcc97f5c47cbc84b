import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const lines = '/usr/share/vmssh/ssh_config';

describe("the Debian package's scripts", () => {
  const dir = useTempDir();
  const link = join(dir, 'etc/ssh/ssh_config.d/30-vmssh.conf');
  const script = async (name: 'postinst' | 'prerm', ...args: string[]) => {
    const env = { ...process.env, DPKG_ROOT: dir };
    expect(await run(['sh', `build/deb/${name}`, ...args], { env })).toMatchObject({ code: 0, stderr: '' });
  };
  beforeEach(() => {
    rmSync(dir, { recursive: true });
    mkdirSync(dirname(link), { recursive: true });
  });

  it("link the package's lines into /etc, and take the link away", async () => {
    await script('postinst', 'configure', '');
    expect(readlinkSync(link)).toBe(lines);
    await script('prerm', 'upgrade', '0.2.0');
    await script('postinst', 'configure', '0.1.0');
    expect(readlinkSync(link)).toBe(lines);
    await script('prerm', 'remove');
    expect(() => readlinkSync(link)).toThrow('ENOENT');
  });

  it("leave an administrator's own file alone", async () => {
    writeFileSync(link, '# mine\n');
    await script('postinst', 'configure', '');
    await script('postinst', 'configure', '0.1.0');
    await script('prerm', 'remove');
    expect(readFileSync(link, 'utf8')).toBe('# mine\n');
  });

  it('do not bring back what an administrator took away', async () => {
    await script('postinst', 'configure', '0.1.0');
    await script('prerm', 'remove');
    expect(existsSync(link)).toBe(false);
  });

  const missing = missingPrograms({ shellcheck: 'shellcheck' });
  it.skipIf(missing).each(['postinst', 'prerm'])('%s: shellcheck finds nothing', async (name) => {
    expect(await run(['shellcheck', `build/deb/${name}`])).toMatchObject({ code: 0, stdout: '' });
  });
});
