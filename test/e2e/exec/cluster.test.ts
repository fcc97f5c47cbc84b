import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeContainer } from '../../connect/exec/container.js';
import { ended } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';

const missing = lacks('ssh', 'sshd');
const answers = fileURLToPath(new URL('../../fixtures/kubernetes', import.meta.url));

// No cluster: kubectl and virtctl are stand-ins, and sshd and ssh are real.
describe.skipIf(missing)(`a cluster${missing ? `: ${missing}` : ''}`, () => {
  const dir = useTempDir();
  const sshd = useSshd(dir);
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    const pod = join(dir, 'pod');
    mkdirSync(pod);
    const container = makeContainer(pod, { program: 'exec', keys: dir });
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    script(
      join(bin, 'kubectl'),
      `echo "kubectl $*" | head -n 1 >>'${join(dir, 'calls')}'
case "$*" in
*'get pods --output=json') exec cat '${answers}/pods.json' ;;
*'get virtualmachineinstances.kubevirt.io --output=json') exec cat '${answers}/virtualmachineinstances.json' ;;
esac
# As containerd does it: a program's stdin ends when its stderr does.
mkfifo '${dir}'/err.$$
exec 3<&0
{ cat <&3 & exec >&2; cat '${dir}'/err.$$; kill $!; } | '${join(container.bin, 'exec')}' "$@" 2>'${dir}'/err.$$ | cat`,
    );
    // One from before it has --vsock.
    script(
      join(bin, 'virtctl'),
      `echo "virtctl $*" >>'${join(dir, 'calls')}'
case "$*" in
*--vsock*) echo 'unknown flag: --vsock' >&2; exit 1 ;;
*) exec '${join(container.root, 'usr/sbin/sshd')}' -i ;;
esac`,
    );
    env = { ...container.env, PATH: `${bin}:${process.env.PATH}`, XDG_STATE_HOME: join(dir, 'state') };
  });

  const ssh = () => [...sshd.ssh('relay'), '-o', `UserKnownHostsFile=${dir}/known`];
  const calls = () => readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');

  it.each(['kubectl/web-0', 'kubectl/lab/web-0', 'kubectl%lab%web-0%app'])(
    'has a pod that is logged in to: %s',
    async (target) => {
      expect(await run([...ssh(), target, 'echo hello'], { env })).toMatchObject(ended(0, 'hello\n'));
      const container = target.endsWith('app') ? '--container=app ' : '';
      expect(calls().at(-1)).toContain(
        `kubectl --namespace=lab exec --stdin pod/web-0 ${container}-- /bin/sh -c`,
      );
    },
  );

  it('has a machine that is logged in to, by an older virtctl too', async () => {
    expect(await run([...ssh(), 'kubevirt/lab/mint', 'echo hello'], { env })).toMatchObject(
      ended(0, 'hello\n'),
    );
    const forward = 'virtctl --namespace=lab port-forward --stdio=true';
    expect(calls().slice(-2)).toEqual([
      `${forward} --vsock --vsock-tls=false vmi/mint 22`,
      `${forward} vmi/mint 22`,
    ]);
  });

  it('is asked for its machines only if it is named', async () => {
    const before = calls().length;
    expect((await run([...vmssh, 'list', '-q'], { env })).stdout).not.toContain('mint');
    expect(calls()).toHaveLength(before);
    const named = await run([...vmssh, 'list', '--provider', 'kubevirt,kubectl', '-q'], { env });
    expect(named.stdout.split('\n')).toEqual(expect.arrayContaining(['mint', 'web-0']));
  });

  it('has no port of a pod, and says what kubectl says', async () => {
    const port = await run([...vmssh, 'nc', '--pipe', 'kubectl/web-0', '80'], { env });
    expect(port).toMatchObject({ code: 2, stderr: expect.stringContaining('port 80 cannot be reached') });
    const none = await run([...vmssh, 'nc', '--pipe', 'kubectl/web-9', '22'], { env });
    expect(none).toMatchObject({ code: 4, stderr: expect.stringContaining('no machine "web-9"') });
    const typed = await run([...vmssh, 'nc', '--pipe', 'kubectl/--help', '22'], { env });
    expect(typed).toMatchObject({ code: 4, stderr: expect.stringContaining('no machine "--help"') });
  });
});
