import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const lines = '/usr/share/vmssh/ssh_config';

describe.skipIf(missingPrograms({ 'dpkg-deb': 'dpkg' }))('the Debian package', () => {
  const dir = useTempDir();
  const root = join(dir, 'root');
  let deb: string;
  const inside = (path: string) => existsSync(join(root, path));

  beforeAll(async () => {
    const from = join(dir, 'executable');
    mkdirSync(from);
    writeFileSync(join(from, 'vmssh'), '');
    writeFileSync(join(from, 'LICENSES'), 'QuickJS-ng: of its authors\n');
    const { code, stdout } = await run([process.execPath, 'build/deb.js', from, join(dir, 'out')]);
    expect(code).toBe(0);
    deb = stdout.trim();
    expect(await run(['dpkg-deb', '--extract', deb, root])).toMatchObject({ code: 0 });
  });

  it('needs no other package', async () => {
    const { stdout } = await run(['dpkg-deb', '--field', deb]);
    expect(stdout).toMatch(/^Package: vmssh$/m);
    expect(stdout).not.toMatch(/^(Pre-)?Depends:/m);
  });

  it('has the licences of vmssh and of what is linked into it', () => {
    const copyright = readFileSync(join(root, 'usr/share/doc/vmssh/copyright'), 'utf8');
    expect(copyright).toContain(readFileSync('LICENSE', 'utf8'));
    expect(copyright).toContain('QuickJS-ng: of its authors');
  });

  it('has each page of docs/ that help, errors and man pages name, and those that such a page names', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join('src', path), 'utf8'));
    const named = new Set(sources.flatMap((text) => text.match(/docs\/[\w./-]+\.(md|json)/g) ?? []));
    expect(named.size).toBeGreaterThan(3);
    expect([...named].filter((path) => !inside(`usr/share/doc/vmssh/${path}`))).toEqual([]);
    const docs = join(root, 'usr/share/doc/vmssh/docs');
    const files = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.md'),
    );
    const broken = files.flatMap((file) =>
      [...readFileSync(join(docs, file), 'utf8').matchAll(/\]\((?!https?:)([\w./-]+)/g)]
        .map(([, path = '']) => join(dirname(file), path))
        .filter((path) => !existsSync(join(docs, path)))
        .map((path) => `${file} → ${path}`),
    );
    expect(broken).toEqual([]);
  });

  it.skipIf(missingPrograms({ man: 'man-db' })).each(['vmssh', 'vmssh-config', 'vmssh-nc', 'vsock-nc'])(
    'has the page that man shows for %s',
    async (name) => {
      const man = ['man', '-M', join(root, 'usr/share/man')];
      const env = { ...process.env, MANWIDTH: '80', LC_ALL: 'C.UTF-8' };
      const { code, stdout, stderr } = await run([...man, name], { env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('SYNOPSIS');
      expect(stdout).toContain(name);
      if (name !== 'vmssh') return;
      for (const page of readdirSync(join(root, 'usr/share/man/man1')))
        if (page !== 'vmssh.1.gz' && page !== 'vsock-nc.1.gz')
          expect(stdout).toContain(page.replace('.1.gz', '(1)'));
    },
  );

  it('has completion and a man page for vsock-nc, too', () => {
    for (const path of [
      'man/man1/vsock-nc.1.gz',
      'bash-completion/completions/vsock-nc',
      'fish/vendor_completions.d/vsock-nc.fish',
    ])
      expect(readFileSync(join(root, 'usr/share', path)).length).toBeGreaterThan(100);
  });
});

describe("the Debian package's scripts", () => {
  const dir = useTempDir();
  const link = join(dir, 'etc/ssh/ssh_config.d/10-vmssh.conf');
  const script = async (name: 'postinst' | 'prerm', ...args: string[]) => {
    const env = { ...process.env, DPKG_ROOT: dir };
    expect(await run(['sh', `build/deb/${name}`, ...args], { env })).toMatchObject({ code: 0, stderr: '' });
  };
  beforeEach(() => {
    rmSync(dir, { recursive: true });
    mkdirSync(dirname(link), { recursive: true });
  });

  it("link the package's lines into /etc, and remove the link", async () => {
    await script('postinst', 'configure', '');
    expect(readlinkSync(link)).toBe(lines);
    await script('prerm', 'upgrade', '0.2.0');
    await script('postinst', 'configure', '0.1.0');
    expect(readlinkSync(link)).toBe(lines);
    await script('prerm', 'remove');
    expect(() => readlinkSync(link)).toThrow('ENOENT');
  });

  it('remove the link if an administrator renamed it, and no other link', async () => {
    await script('postinst', 'configure', '');
    const renamed = join(dirname(link), '30-vmssh.conf');
    renameSync(link, renamed);
    symlinkSync('/usr/share/other', join(dirname(link), '20-other.conf'));
    await script('postinst', 'configure', '0.1.0');
    expect(existsSync(link)).toBe(false);
    await script('prerm', 'remove');
    expect(readdirSync(dirname(link))).toEqual(['20-other.conf']);
  });

  it("do not touch an administrator's own file", async () => {
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
