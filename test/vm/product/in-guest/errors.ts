import { describe, expect, test } from 'vitest';
import { documented, documentedCode, saying } from '../messages.js';
import { batch } from '../scene/batch.js';
import { cid, type Scene } from '../scene/scene.js';
import { errorsOf } from './checked.js';

/** In the guest, before vsock_loopback is loaded there: a guest's own CIDs lead nowhere. */
export function withoutLoopback(scene: () => Scene): void {
  test('without vsock_loopback its own CID and CID 1 have the messages of the tables', async () => {
    const { guest, programs } = scene();
    await guest.run('modprobe -r vsock_loopback'); // sid loads it by itself
    const results = await batch(
      guest,
      Object.fromEntries(
        programs.map(({ name, vmssh }) => [name, `${vmssh} check --json vsock/${cid} vsock/1`]),
      ),
    );
    for (const { name } of programs) {
      const [own, local] = errorsOf(results[name]?.stdout);
      expect({ name, own, local }).toEqual({
        name,
        own: documented('AF_VSOCK', 'ENODEV', `vsock:${cid}:22`, 22),
        local: documented('AF_VSOCK', 'ETIMEDOUT', 'vsock:1:22', 22),
      });
    }
  });
}

/** In the guest: every error whose cause can be made there. */
export function errorsInGuest(scene: () => Scene): void {
  describe('in the guest, errors', () => {
    const targets: Record<string, unknown> = {
      'vsock/99': documented('AF_VSOCK', 'ETIMEDOUT', 'vsock:99:22', 22),
      'vsock:1:2222': documented('AF_VSOCK', 'ECONNRESET', 'vsock:1:2222', 2222),
      'vsock/4294967295': documentedCode('USAGE'),
      'unix/run/absent': documented('AF_UNIX', 'ENOENT', '/run/absent', 22),
      'unix/tmp/no-server': documented('AF_UNIX', 'ECONNREFUSED', '/tmp/no-server', 22),
      'machine/absent': documentedCode('NOT_FOUND'),
      'container/absent': documentedCode('NOT_FOUND'),
    };

    test('have the messages and exit codes of the tables', async () => {
      const { guest, programs } = scene();
      await guest.run('timeout 1 socat UNIX-LISTEN:/tmp/no-server,unlink-close=0 - </dev/null; true');
      const all = Object.keys(targets).join(' ');
      const results = await batch(
        guest,
        Object.fromEntries(
          programs.map(({ name, vmssh }) => [name, `${vmssh} check --timeout 5 --json ${all}`]),
        ),
      );
      for (const { name } of programs) {
        const errors = errorsOf(results[name]?.stdout);
        for (const [at, [target, expected]] of Object.entries(targets).entries())
          expect({ name, target, error: errors[at] }).toMatchObject({ name, target, error: expected });
      }
    });

    test('reach the user through ssh, with these messages and ssh’s own code', async () => {
      const { guest, programs } = scene();
      const results = await batch(
        guest,
        Object.fromEntries(
          programs.flatMap(({ name, ssh }) => [
            [`${name} absent`, `${ssh('fdpass')} vsock/99 true`],
            [`${name} no listener`, `${ssh('relay')} -p 2222 vsock/1 true`],
          ]),
        ),
      );
      const absent = saying('vsock/99', documented('AF_VSOCK', 'ETIMEDOUT', 'vsock:99:22', 22));
      // The command that follows is the caller's own, by its path.
      const [silent] = saying('vsock/1', documented('AF_VSOCK', 'ECONNRESET', 'vsock:1:2222', 2222)).split(
        'vmssh list',
      );
      for (const { name } of programs) {
        expect(results[`${name} absent`]).toMatchObject({ code: 255, stdout: '' });
        expect(results[`${name} absent`]?.stderr).toContain(absent);
        expect(results[`${name} no listener`]).toMatchObject({ code: 255, stdout: '' });
        expect(results[`${name} no listener`]?.stderr).toContain(silent);
      }
    });
  });
}

/** In the guest, when the modules are taken away. Nothing is reached by vsock meanwhile. */
export function withoutTransport(scene: () => Scene): void {
  test('without a transport, without vsock and in a sandbox, it has the messages of the tables', async () => {
    const { guest, programs } = scene();
    const checks = programs.map(({ name, vmssh }) => `${vmssh} check --json vsock/2 >/tmp/${name}`);
    const sandboxed = programs.map(
      ({ name, vmssh }) =>
        `systemd-run -q --pipe --wait -p RestrictAddressFamilies=AF_UNIX ${vmssh} check --json vsock/2 >/tmp/${name}.sandbox`,
    );
    const { stdout } = await guest.run(
      `systemctl stop sshd-vsock.socket
      for module in vsock_loopback vmw_vsock_virtio_transport; do modprobe -r $module; done
      ${checks.map((check) => `${check}.transport`).join('\n')}
      for module in vsock_diag vsock; do modprobe -r $module; done
      echo 'install vsock /bin/false' >/etc/modprobe.d/no-vsock.conf
      ${checks.map((check) => `${check}.kernel`).join('\n')}
      rm /etc/modprobe.d/no-vsock.conf
      ${sandboxed.join('\n')}
      modprobe vmw_vsock_virtio_transport && modprobe vsock_loopback && systemctl start sshd-vsock.socket
      for name in ${programs.map(({ name }) => name).join(' ')}; do
        for state in transport kernel sandbox; do tr -d '\\n' </tmp/$name.$state; echo; done
      done`,
      { allowFailure: true },
    );
    const lines = stdout.trim().split('\n').map(errorsOf);
    const expected = [
      [documented('AF_VSOCK', 'ENODEV', 'vsock:2:22', 22)],
      [documented('AF_VSOCK', 'EAFNOSUPPORT', 'vsock:2:22', 22)],
      [documented('AF_VSOCK', 'EAFNOSUPPORT', 'vsock:2:22', 22)],
    ];
    expect(lines).toEqual(programs.flatMap(() => expected));
  });
}
