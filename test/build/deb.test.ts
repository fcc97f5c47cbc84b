import {
  chmodSync,
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
import { gunzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { licencesText } from '../../build/engine/licence-text.js';
import { systemCaller } from '../../build/package/installed.js';
import { configPrint } from '../../src/commands/config/print.js';
import { configText } from '../../src/hosts/text.js';
import { named } from '../commands/config/home.js';
import { missingAddon } from '../helpers/addon.js';
import { ends } from '../helpers/expected.js';
import { fakeIo } from '../helpers/fake-io.js';
import { missingRoot } from '../helpers/other-user.js';
import { lacks, missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const lines = '/usr/share/vmssh/30-vmssh.conf';
/** What an older package linked as 10-vmssh.conf. */
const olderLines = '/usr/share/vmssh/ssh_config';

/** As systemd's own file is in 257 (Debian 13), and with all the forms that its proxy knows in 262. */
const ofSystemd = (hosts: string) => `Host .host machine/.host
        ProxyCommand /usr/lib/systemd/systemd-ssh-proxy unix/run/ssh-unix-local/socket %p
        ProxyUseFdpass yes
        CheckHostIP no
Host ${hosts}
        ProxyCommand /usr/lib/systemd/systemd-ssh-proxy %h %p
        ProxyUseFdpass yes
        CheckHostIP no
        StrictHostKeyChecking no
        UserKnownHostsFile /dev/null
`;

describe.skipIf(lacks('dpkg-deb'))('the Debian package', () => {
  const dir = useTempDir();
  const root = join(dir, 'root');
  const common = '/usr/share/common-licenses/GPL-3:\n\nGNU GENERAL PUBLIC LICENSE';
  let deb: string;
  const inside = (path: string) => existsSync(join(root, path));

  beforeAll(async () => {
    const from = join(dir, 'executable');
    mkdirSync(from);
    writeFileSync(join(from, 'vmssh'), '#!/bin/sh\n');
    const linked = [
      { title: 'QuickJS-ng', text: 'Copyright: 2017 Fabrice Bellard\n\nof its authors\n' },
      { title: '@noble/hashes 2', text: `as /usr/share/common-licenses/GPL-3\n\n\n${common}\n` },
    ];
    writeFileSync(join(from, 'LICENSES'), licencesText('Linked are:', linked));
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

  it('has lines that each ssh beside it knows', async () => {
    const { stdout } = await run(['dpkg-deb', '--field', deb, 'Breaks']);
    expect(stdout).toBe('openssh-client (<< 1:8.5)\n');
  });

  it.skipIf(missingPrograms({ lintian: 'lintian' }))('has nothing that lintian calls a fault', async () => {
    const { stdout } = await run(['lintian', '--allow-root', '--fail-on', 'none', deb], { timeout: 120_000 });
    expect(stdout.split('\n').filter((line) => /^[EW]: /.test(line))).toEqual([]);
  });

  it('has the sum of each file', async () => {
    expect(await run(['dpkg-deb', '--control', deb, join(dir, 'control')])).toMatchObject({ code: 0 });
    const listed = readFileSync(join(dir, 'control/md5sums'), 'utf8').trimEnd().split('\n');
    await ends(0, run(['md5sum', '--check', '--strict', '../control/md5sums'], { cwd: root }));
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    expect(listed).toHaveLength(files.length);
  });

  it('has the licences of vmssh and of what is linked into it', () => {
    const copyright = readFileSync(join(root, 'usr/share/doc/vmssh/copyright'), 'utf8');
    const unfolded = copyright.replaceAll(/^ \.$/gm, '').replaceAll(/^ /gm, '');
    expect(unfolded).toContain(readFileSync('LICENSE', 'utf8').trim());
    expect(unfolded).toContain('License: QuickJS-ng\nCopyright: 2017 Fabrice Bellard\n\nof its authors');
    expect(copyright).toMatch(/^License: Expat and QuickJS-ng and noble-hashes-2$/m);
    // Debian has those of many programs once for all.
    expect(copyright).toContain('License: noble-hashes-2\n as /usr/share/common-licenses/GPL-3\n');
    expect(copyright).not.toContain('GNU GENERAL PUBLIC LICENSE');
  });

  it('has each page of docs/ that help, errors and man pages name, and those that such a page names', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join('src', path), 'utf8'));
    const printed = sources.map((text) => text.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, ''));
    const named = new Set(printed.flatMap((text) => text.match(/docs\/[\w./-]+\.(md|json)/g) ?? []));
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
    expect(files.filter((file) => /contributing|decisions/.test(file))).toEqual([]);
    expect(readFileSync(join(docs, 'README.md'), 'utf8')).not.toMatch(/contribut/i);
  });

  it("has manuals with the commit's date, of the commands that Linux has", () => {
    const folder = join(root, 'usr/share/man/man1');
    for (const page of readdirSync(folder))
      expect(gunzipSync(readFileSync(join(folder, page))).toString()).toMatch(
        /^\.TH VMSSH\S* 1 "20\d\d-\d\d-\d\d" /,
      );
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['vmssh-list.1.gz', 'vmssh-proxy.1.gz']));
    expect(readdirSync(folder).filter((page) => /guid|port|service/.test(page))).toEqual([]);
  });

  it.skipIf(lacks('ssh') ?? missingAddon())('has the lines of config install --system', async () => {
    const io = fakeIo({ self: ['/usr/bin/vmssh'], env: { HOME: dir, PATH: process.env.PATH } });
    const values = { ...named({ onlyPatterns: true }), fdpass: true, system: true };
    expect(await configPrint.run(values, io)).toBe(0);
    const settingsIn = (text: string) => [...new Set(text.match(/^ {4}(?!WarnWeakCrypto).*$/gm))];
    expect(settingsIn(readFileSync(join(root, lines), 'utf8'))).toEqual(settingsIn(io.stdout.join('')));
  });

  const byVmssh = /^knownhostscommand \/usr\/bin\/vmssh host-key /m;
  const hosts = {
    'systemd 257': 'unix/* vsock/* machine/*',
    'systemd 262': 'unix/* unix%* vsock/* vsock%* vsock-mux/* vsock-mux%* machine/* machine%*',
  };
  const byBoth = ['unix/x', 'vsock/3', 'machine/web', '.host'];
  const byUs = ['container/web', 'qemu/web', 'podman/web', 'via/hv1/vsock/3', 'via/hv1/web'];
  it.skipIf(lacks('ssh')).each(Object.entries(hosts))(
    'leaves to %s what it serves, in each order of the files',
    async (_, patterns) => {
      const folder = join(dir, 'ssh_config.d');
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      const main = join(dir, 'ssh_config');
      writeFileSync(main, `Include ${folder}/*.conf\n`);
      const ofOther = join(folder, '20-systemd-ssh-proxy.conf');
      writeFileSync(ofOther, ofSystemd(patterns));
      const here = readFileSync(join(root, lines), 'utf8').replace(/\S+(20-\S+)"$/m, `${folder}/$1"`);
      const settings = async (target: string) => (await run(['ssh', '-G', '-F', main, target])).stdout;
      const before = Object.fromEntries(
        await Promise.all(byBoth.map(async (each) => [each, await settings(each)])),
      );
      const place = (name: string) => {
        for (const each of ['10', '30']) rmSync(join(folder, `${each}-vmssh.conf`), { force: true });
        writeFileSync(join(folder, name), here);
      };
      for (const name of ['30-vmssh.conf', '10-vmssh.conf']) {
        place(name);
        for (const each of byBoth) expect(await settings(each)).toBe(before[each]);
        for (const each of byUs)
          expect(await settings(each)).toMatch(/^proxycommand \/usr\/bin\/vmssh proxy --fdpass /m);
        for (const each of byUs) expect(await settings(each)).toMatch(byVmssh);
      }
      // As on Debian 12.
      rmSync(ofOther);
      for (const each of byBoth) expect(await settings(each)).toMatch(byVmssh);
      expect(await settings('web.example')).not.toMatch(/vmssh/);
      writeFileSync(ofOther, ofSystemd(patterns));
      // What vmssh config install --system writes.
      place('30-vmssh.conf');
      writeFileSync(join(folder, '00-vmssh.conf'), configText(systemCaller));
      for (const each of [...byBoth, ...byUs]) {
        const said = await settings(each);
        expect(said).toMatch(/^proxycommand \/usr\/bin\/vmssh proxy --fdpass /m);
        expect(said).toMatch(byVmssh);
      }
    },
  );

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

  // chrootless: nothing has to be in the root but dpkg's own files.
  it.skipIf(missingPrograms({ dpkg: 'dpkg' }) || missingRoot('dpkg'))(
    'is an upgrade from an older one, which linked its lines before systemd’s',
    async () => {
      const [older, system] = [join(dir, 'older'), join(dir, 'system')];
      const links = join(system, 'etc/ssh/ssh_config.d');
      const write = (path: string, text: string, mode = 0o644) => {
        mkdirSync(dirname(join(older, path)), { recursive: true });
        chmodSync(dirname(join(older, path)), 0o755);
        writeFileSync(join(older, path), text);
        chmodSync(join(older, path), mode);
      };
      const field = (name: string) => run(['dpkg-deb', '--field', deb, name]);
      const architecture = (await field('Architecture')).stdout.trim();
      const about = `Architecture: ${architecture}\nMaintainer: Me <me@example.org>\nDescription: older\n`;
      write('DEBIAN/control', `Package: vmssh\nVersion: 0.0.9\n${about}`);
      const made = 'ln -s /usr/share/vmssh/ssh_config "$DPKG_ROOT/etc/ssh/ssh_config.d/10-vmssh.conf"';
      write('DEBIAN/postinst', `#!/bin/sh\n${made}\n`, 0o755);
      write('usr/share/vmssh/ssh_config', '# all\n');
      mkdirSync(join(older, 'etc/ssh/ssh_config.d'), { recursive: true });
      mkdirSync(join(system, 'var/lib/dpkg/info'), { recursive: true });
      for (const name of ['status', 'available']) writeFileSync(join(system, 'var/lib/dpkg', name), '');
      const dpkg = async (...args: string[]) => {
        const flags = [`--root=${system}`, '--force-script-chrootless', '--force-depends'];
        // su leaves the folders of system programs out.
        const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
        const env = { ...process.env, PATH, DEBIAN_FRONTEND: 'noninteractive' };
        const done = await run(['dpkg', ...flags, ...args], { env });
        expect(done, done.stderr).toMatchObject({ code: 0 });
      };
      expect(await run(['dpkg-deb', '--build', older, `${older}.deb`])).toMatchObject({ code: 0 });
      await dpkg('--install', `${older}.deb`);
      expect(readdirSync(links)).toEqual(['10-vmssh.conf']);
      await dpkg('--install', deb);
      expect(readdirSync(links)).toEqual(['30-vmssh.conf']);
      expect(readlinkSync(join(links, '30-vmssh.conf'))).toBe(lines);
      expect(existsSync(join(system, lines))).toBe(true);
      await dpkg('--remove', 'vmssh');
      expect(existsSync(links)).toBe(false);
    },
  );
});

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
    const renamed = join(dirname(link), '10-vmssh.conf');
    renameSync(link, renamed);
    symlinkSync('/usr/share/other', join(dirname(link), '20-other.conf'));
    await script('postinst', 'configure', '0.1.0');
    expect(existsSync(link)).toBe(false);
    await script('prerm', 'remove');
    expect(readdirSync(dirname(link))).toEqual(['20-other.conf']);
  });

  it('replace the link of an older package, which came before systemd’s, under any name', async () => {
    for (const name of ['10-vmssh.conf', '40-mine.conf']) {
      const older = join(dirname(link), name);
      symlinkSync(olderLines, older);
      await script('postinst', 'configure', '0.1.0');
      expect(readdirSync(dirname(link))).toEqual(['30-vmssh.conf']);
      expect(readlinkSync(link)).toBe(lines);
      rmSync(link);
    }
    // What config install --system wrote there is no link.
    const own = join(dirname(link), '10-vmssh.conf');
    writeFileSync(own, '# of vmssh config install --system\n');
    await script('postinst', 'configure', '0.1.0');
    expect(readdirSync(dirname(link))).toEqual(['10-vmssh.conf']);
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

  it.skipIf(lacks('shellcheck')).each(['postinst', 'prerm'])('%s: shellcheck finds nothing', async (name) => {
    expect(await run(['shellcheck', `build/deb/${name}`])).toMatchObject({ code: 0, stdout: '' });
  });
});
