import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printing } from '../../../helpers/expected.js';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { ensureDevcontainer } from '../../images/cache.js';
import { inRootOf } from '../../inside/container.js';
import { outcome, vmsshInstalled } from '../../inside/hypervisor.js';
import { loggedIn, setsUp } from '../../inside/sets-up.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const limit = { timeout: 900_000 };
/** Prints the container's id. */
const site = 'docker ps --all --quiet --filter label=devcontainer.local_folder=/home/tester/site';

// Docker's containers that the devcontainer CLI makes, and one that gVisor runs. There is no network, and no registry.
describeGuests('containers of the devcontainer CLI and of gVisor', () => {
  let guest: Guest;
  const sh = (line: string, timeout?: number) => outcome(guest, line, timeout);
  const asTester = (line: string, timeout = 300) => outcome(guest, loggedIn('tester', line), timeout);

  beforeAll(async () => {
    const cli = await ensureDevcontainer(console.error);
    guest = await bootGuest({ suite: 'containers', cid: 93, share: root, memory: 2048, bootTimeout: 900 });
    await guest.copyIn({ '/opt/devcontainer': `${cli}/package` });
    await guest.run(
      `set -e
      mkdir -p /host /usr/local/lib/vmssh && mount -t virtiofs host /host
      ${vmsshInstalled}
      cp -r /host/dist/sshd /usr/local/lib/vmssh
      image=/vm/image
      . /host/test/vm/inside/own-root.sh
      make_root; add_base; add_sshd
      rm -r $image/root/.ssh $image/etc/ssh/ssh_host_*
      mkdir -p $image/var/log
      mkdir -p /etc/docker
      # This runsc takes each network namespace of Linux 6.12 for the first one, where it makes no network.
      echo '{ "runtimes": { "runsc": { "path": "/usr/bin/runsc", "runtimeArgs": ["--network=none"] } } }' >/etc/docker/daemon.json
      systemctl restart docker
      tar -C $image -c . | docker import - plain:1
      ln -s /opt/devcontainer/devcontainer.js /usr/local/bin/devcontainer
      usermod -aG docker tester
      loginctl enable-linger tester
      su - tester -c 'git init -q repo && mkdir -p site/.devcontainer repo/api/.devcontainer
        tee site/.devcontainer/devcontainer.json >repo/api/.devcontainer/devcontainer.json' <<'J'
{ "image": "plain:1", "remoteUser": "tester", "updateRemoteUserUID": false }
J`,
      { timeout: 900 },
    );
  }, 1_800_000);
  afterAll(() => guest?.stop());

  test.each([
    ...['site', 'repo/api'].map((folder) => `su - tester -c 'devcontainer up --workspace-folder ${folder}'`),
    'docker run --detach --runtime runsc --name sand --hostname sand --network none plain:1 sleep infinity',
  ])('%s', limit, async (line) => expect(await sh(line, 600)).toMatchObject({ code: 0 }));

  test('they are listed, a dev container by its folder, also in a repository', async () => {
    const { stdout } = await asTester('vmssh list');
    const rows = ['api\tdocker/X', 'sand\tdocker/sand', 'site\tdocker/X'];
    expect(stdout.replaceAll(/[a-z]+_[a-z]+/g, 'X')).toBe(
      rows.map((row) => `running\t${row}\tdocker\n`).join(''),
    );
  });

  setsUp(sh, {
    ...{ target: 'site', user: asTester, account: 'tester' },
    inside: (script) => inRootOf(`docker inspect --format {{.State.Pid}} $(${site})`, script),
    whenReady: () =>
      test('is logged in to by its folder, and started by that name', limit, async () => {
        const line = 'vmssh ssh site "id -un; ls -a /workspaces/site"';
        expect(await asTester(line)).toMatchObject({ code: 0, stdout: 'tester\n.\n..\n.devcontainer\n' });
        await sh(`docker stop $(${site})`);
        expect(await asTester('vmssh ssh --start site uname -n')).toMatchObject({ code: 0 });
      }),
  });

  // Its process of this host is the sandbox: what is in /proc/PID/root is not the container's.
  setsUp(sh, {
    ...{ target: 'docker/sand', account: 'root', options: '--user root' },
    inside: (script) => `docker exec -i sand bash -s <<'E'\nset -e; cd /\n${script}\nE`,
    whenReady: () =>
      test('has its host key in no copy, and is used as any other', limit, async () => {
        expect(await sh('docker cp sand:/etc/ssh/ssh_host_ed25519_key.pub -')).toMatchObject({ code: 1 });
        const files = 'rsync -a /etc/os-release sand:/tmp/a && scp -q sand:/tmp/a a && cmp a /etc/os-release';
        expect(await sh(`cd /tmp; ${files} && ssh -n sand rm /tmp/a`)).toMatchObject({ code: 0 });
        const login = 'ssh -tt sand "test -t 0 && id -un; exit 7"';
        expect(await sh(`script -qec '${login}' /dev/null`)).toMatchObject(printing(7, 'root\r\n'));
      }),
  });

  test(
    'a sandbox without an sshd is logged in to with one that is brought, of which nothing is left',
    limit,
    async () => {
      await sh('docker exec sand rm /usr/sbin/sshd');
      const login = 'vmssh ssh --bring-sshd --wait -n -o LogLevel=ERROR docker/sand "id -u; exit 7"';
      expect(await sh(login)).toMatchObject({ code: 7, stdout: '0\n', stderr: '' });
      const left = 'docker exec sand bash -c "cd /dev/shm; echo .vmssh*"';
      await expect.poll(async () => (await sh(left)).stdout, { timeout: 50_000 }).toBe('.vmssh*\n');
    },
  );
});
