import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { version } from '../../../../src/base/version.js';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { startContainer } from '../../inside/container.js';

const file = `vmssh_${version}_amd64.deb`;
const missing = existsSync(fileURLToPath(new URL(`../../../../dist/${file}`, import.meta.url)))
  ? ''
  : ': skipped, as npm run build:deb was not run';

/** What systemd's own 20-systemd-ssh-proxy.conf serves, which the package leaves to it. */
const systemds = ['.host', 'unix/x', 'vsock/3', 'vsock%3', 'vsock-mux/x', 'machine/x'];
const others = [
  ...['container/x', 'hyper-v/x', 'hvsock/x', 'wsl/x', 'qemu/x', 'lima/x', 'incus/x', 'via/h/x'],
];

/** Prints those of the targets for which ssh does not run vmssh, or asks it for no host key. */
const servedByOthers = `for target in ${[...systemds, ...others].join(' ')}; do
  test "$(ssh -G "$target" | grep -c -e '^proxycommand /usr/bin/vmssh proxy ' -e '^knownhostscommand /usr/bin/vmssh host-key ')" = 2 || echo "$target"; done`;

/** As the package was before its lines came after systemd's. */
const older = `set -e
  mkdir -p /tmp/older/DEBIAN /tmp/older/usr/share/vmssh /tmp/older/usr/bin
  cd /tmp/older
  printf '#!/bin/sh\\n' >usr/bin/vmssh
  printf 'Host unix/* vsock/* machine/* container/*\\n ProxyCommand /usr/bin/vmssh proxy --fdpass %%h %%p\\n ProxyUseFdpass yes\\n' >usr/share/vmssh/ssh_config
  printf 'Package: vmssh\\nVersion: 0.0.9\\nArchitecture: amd64\\nMaintainer: Me <me@example.org>\\nDescription: older\\n' >DEBIAN/control
  cat >DEBIAN/postinst <<'END'
#!/bin/sh
set -e
link="\${DPKG_ROOT:-}/etc/ssh/ssh_config.d/10-vmssh.conf"
[ "$1" = configure ] && [ -z "$2" ] || exit 0
[ -e "$link" ] || [ -L "$link" ] || ln -s /usr/share/vmssh/ssh_config "$link"
END
  chmod 755 DEBIAN/postinst && dpkg-deb -Znone --build --root-owner-group . /tmp/older.deb`;

describeGuests(`the Debian package on Debian 13${missing}`, () => {
  let guest: Guest;
  const sh = async (line: string) => {
    const { stdout, stderr, code } = await guest.run(line, { timeout: 120, allowFailure: true });
    return { stdout, code, stderr };
  };
  const asTester = (line: string) =>
    sh(`cat >/tmp/line <<'END'\n${line}\nEND\nsu - tester -c 'sh /tmp/line'`);
  const lines = async (line: string, run = sh) => (await run(line)).stdout.trim().split('\n');
  const apt = async (...words: string[]) => {
    const done = await sh(`DEBIAN_FRONTEND=noninteractive apt-get -qq -y ${words.join(' ')}`);
    expect(done, done.stderr).toMatchObject({ code: 0 });
  };
  const files = 'find /etc /usr -xdev | sort';
  const linked = 'cd /etc/ssh/ssh_config.d && ls && readlink *vmssh.conf';
  /** A first login to this host itself, whose key nobody confirms. */
  const first = 'ssh -n -o StrictHostKeyChecking=accept-new .host';
  let before: readonly string[];

  beforeAll(async () => {
    if (missing) return;
    guest = await bootGuest({ suite: 'trixie', share: 'dist', bootTimeout: 400 });
    await guest.copyIn({ '/root/.ssh/id_ed25519': guest.identity });
    await guest.run(
      `set -e
      mkdir -p /host && mount -t virtiofs host /host
      chmod 600 /root/.ssh/id_ed25519 && cp /root/.ssh/id_ed25519 /home/tester/.ssh/
      chown tester: /home/tester/.ssh/id_ed25519
      ${older}`,
      { timeout: 200 },
    );
    await startContainer(guest, 'box');
    before = await lines(files);
  }, 600_000);
  afterAll(() => guest?.stop());

  test.skipIf(missing)(
    'is an upgrade from one that linked its lines before systemd’s',
    async () => {
      await apt('install', '/tmp/older.deb');
      expect(await lines(linked)).toEqual([
        ...['10-vmssh.conf', '20-systemd-ssh-proxy.conf', '/usr/share/vmssh/ssh_config'],
      ]);
      await apt('install', `/host/${file}`);
      expect(await lines(linked)).toEqual([
        ...['20-systemd-ssh-proxy.conf', '30-vmssh.conf', '/usr/share/vmssh/30-vmssh.conf'],
      ]);
    },
    480_000,
  );

  test.skipIf(missing)(
    'leaves to systemd what its proxy serves',
    async () => {
      expect(await lines(servedByOthers)).toEqual(systemds);
      expect(await sh(`${first} hostname`)).toMatchObject({ code: 0, stdout: 'trixie\n' });
      // Its manager confirms the key that nobody knows.
      const strict = 'ssh -n -o StrictHostKeyChecking=yes container/box hostname';
      for (const login of [strict, strict])
        expect(await sh(login)).toMatchObject({ code: 0, stdout: 'box\n', stderr: '' });
      expect((await sh('vmssh doctor -v')).stdout).toMatch(
        /systemd-ssh-proxy serves \.host, unix\/\*, vsock\/\*, /,
      );
      // An administrator who gives the link another name gets no mixture either.
      const move = (from: number, to: number) =>
        sh(`cd /etc/ssh/ssh_config.d && mv ${from}-vmssh.conf ${to}-vmssh.conf`);
      expect(await move(30, 10)).toMatchObject({ code: 0 });
      expect(await lines(servedByOthers)).toEqual(systemds);
      expect(await move(10, 30)).toMatchObject({ code: 0 });
    },
    480_000,
  );

  test.skipIf(missing)(
    'serves every kind for all users after config install --system',
    async () => {
      expect(await sh('vmssh config install --system')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('before the lines of systemd'),
      });
      for (const run of [sh, asTester]) expect(await lines(servedByOthers, run)).toEqual(['']);
      expect(await asTester(`${first} whoami`)).toMatchObject({ code: 0, stdout: 'tester\n' });
      for (const target of ['machine/box', 'container/box'])
        expect(await sh(`ssh -n -o StrictHostKeyChecking=yes ${target} hostname`)).toMatchObject({
          stdout: 'box\n',
        });
      expect(await sh('vmssh config uninstall --system')).toMatchObject({ code: 0 });
      expect(await lines(servedByOthers)).toEqual(systemds);
    },
    480_000,
  );

  test.skipIf(missing)(
    'serves every kind for one user after config install',
    async () => {
      expect(await asTester('vmssh config install --no-fresh')).toMatchObject({ code: 0 });
      expect(await lines(servedByOthers, asTester)).toEqual(['']);
      expect(await lines(servedByOthers)).toEqual(systemds);
      expect(await asTester(`${first} whoami`)).toMatchObject({ code: 0, stdout: 'tester\n' });
      expect(await asTester('vmssh config uninstall')).toMatchObject({ code: 0 });
      expect(await lines(servedByOthers, asTester)).toEqual(systemds);
    },
    480_000,
  );

  test.skipIf(missing)(
    'leaves nothing when it is removed',
    async () => {
      await apt('purge', 'vmssh');
      expect(await lines(files)).toEqual(before);
      expect(await sh('dpkg-query -W vmssh')).toMatchObject({ code: 1 });
    },
    120_000,
  );
});
