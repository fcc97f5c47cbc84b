import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { outcome, vmsshInstalled } from '../../inside/hypervisor.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

// kubectl and containerd are Debian's; inside/kubernetes/cluster.js stands for a cluster's API server.
describeGuests('pods of containerd, by kubectl', () => {
  let guest: Guest;
  const sh = (line: string, config = 'config') =>
    outcome(guest, `export KUBECONFIG=/root/.kube/${config}; ${line}`);

  beforeAll(async () => {
    guest = await bootGuest({ suite: 'containers', cid: 93, share: root, memory: 2048, bootTimeout: 900 });
    await guest.run(
      `set -e
      mkdir -p /host /usr/local/lib/vmssh && mount -t virtiofs host /host
      ${vmsshInstalled}
      cp -r /host/dist/sshd /usr/local/lib/vmssh
      bash /host/test/vm/inside/kubernetes/cluster.sh`,
      { timeout: 900 },
    );
  }, 1_800_000);
  afterAll(() => guest?.stop());

  // Again and again: on a machine as slow as this one kubectl may be late.
  const eventually = (ask: () => ReturnType<typeof sh>) =>
    expect.poll(ask, { timeout: 400_000, interval: 500 });

  test('are listed, and a cluster without KubeVirt is a warning', async () => {
    const row = (name: string, status = 'running') => `${status}\t${name}\tkubectl/lab/${name}\tkubectl\n`;
    await eventually(() => sh('vmssh list --provider kubectl,kubevirt')).toEqual({
      code: 1,
      stdout: [...['bare', 'none', 'waits', 'web-0'].map((name) => row(name)), row('new', 'starting')].join(
        '',
      ),
      stderr: expect.stringContaining(`the server doesn't have a resource type "virtualmachineinstances"`),
    });
  }, 500_000);

  describe.each([
    ['WebSocket', 'config'],
    ['SPDY, where WebSocket is refused', 'old'],
  ])('by %s', (_, config) => {
    const ssh = (words: string) => sh(`vmssh ssh -n -o BatchMode=yes ${words}`, config);

    test('are logged in to, strictly from the first login on: their key is read there', async () => {
      await sh('rm -f ~/.ssh/*known_hosts');
      await eventually(() => ssh('-o StrictHostKeyChecking=yes kubectl/web-0 "touch /app; exit 7"')).toEqual({
        ...{ code: 7, stdout: '', stderr: '' },
      });
      expect(await ssh('kubectl/lab/web-0/side "ls /app; id -un"')).toMatchObject({
        code: 0,
        stdout: 'root\n',
      });
    }, 900_000);

    test('take and give files', async () => {
      const copies = `cd $(mktemp -d) && head -c 3000000 /dev/urandom >a
        vmssh scp -q a kubectl%web-0:/tmp/a && vmssh scp -q kubectl%web-0:/tmp/a b && cmp a b`;
      await eventually(() => sh(copies, config)).toMatchObject({ code: 0 });
    }, 500_000);

    test('get an sshd if they have none', async () => {
      const asked = () => ssh('--bring-sshd kubectl/bare "id -u; exit 5"');
      await eventually(asked).toMatchObject({ code: 5, stdout: '0\n' });
    }, 500_000);
  });

  test('keep nothing of an ssh that is killed', async () => {
    const line = `line=$(vmssh ssh --print-command kubectl/web-0 'echo in; sleep 1000'); mkfifo /tmp/in
      sh -c "exec $line" >/tmp/in </dev/null & read -r in </tmp/in; pgrep -c kubectl; kill -KILL $!`;
    expect((await sh(line, 'old')).stdout).toBe('1\n');
    // In its container what it ran goes on, as with any sshd.
    await eventually(() =>
      sh('pgrep -x kubectl; pgrep -r S,R,D --ns $(pgrep -fx "sleep 1000") --nslist pid sshd'),
    ).toMatchObject({ stdout: '' });
  }, 500_000);

  test.each([
    ['kubectl/web-9', 'config', /no machine "web-9"/],
    ['kubectl/bare', 'config', /"bare" has no sshd .*\nhint: .*--bring-sshd kubectl\/bare/],
    ['kubectl/none', 'config', /"none" has no \/bin\/sh/],
    ['kubectl/none', 'old', /"none" has no \/bin\/sh/],
    ['kubectl/waits', 'config', /"waits" is not running .*container not found/],
    ['kubectl/new', 'config', /"new" is starting/],
    ['kubectl/lab/web-0/nope', 'config', /kubectl does not know .*container nope is not valid for pod web-0/],
    ['kubectl/shut/db', 'config', /may not use kubectl .*pods\/exec.*\nhint: ask for the right/],
    ['kubectl/locked/db', 'config', /pods is forbidden/],
    ['kubectl/web-0', 'down', /kubectl: The connection to the server 127.0.0.1:8003 was refused/],
  ])(
    '%s with the file %s: a message',
    async (target, config, says) => {
      const said = { code: 255, stderr: expect.stringMatching(says) };
      await eventually(() => sh(`vmssh ssh -n ${target} true`, config)).toMatchObject(said);
    },
    500_000,
  );
});
