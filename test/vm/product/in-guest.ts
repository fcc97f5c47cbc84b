import { createServer, type Server } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { suiteNamed } from '../images/suites.js';
import { documented, documentedCode, saying } from './messages.js';
import { batch } from './scene/batch.js';
import { container, exportPath } from './scene/machines.js';
import { cid, type Scene } from './scene/scene.js';

/** What `vmssh check --json` says about one target. */
interface Checked {
  readonly target: string;
  readonly exitCode: number;
  readonly stages: readonly { readonly stage: string; readonly found: string }[];
  readonly error?: {
    readonly target?: string;
    readonly op?: string;
    readonly code?: string;
    readonly problem?: string;
  };
}

/** In the guest, before vsock_loopback is loaded there: a guest's own CIDs lead nowhere. */
export function withoutLoopback(scene: () => Scene): void {
  test('without vsock_loopback its own CID and CID 1 have the messages of docs/errors.md', async () => {
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

    test('have the messages and exit codes of docs/errors.md', async () => {
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
      const silent = saying('vsock/1', documented('AF_VSOCK', 'ECONNRESET', 'vsock:1:2222', 2222));
      for (const { name } of programs) {
        expect(results[`${name} absent`]).toMatchObject({ code: 255, stdout: '' });
        expect(results[`${name} absent`]?.stderr).toContain(absent);
        expect(results[`${name} no listener`]).toMatchObject({ code: 255, stdout: '' });
        expect(results[`${name} no listener`]?.stderr).toContain(silent);
      }
    });
  });
}

/** In the guest: logins by every kind of target that leads back into it, or into a container. */
export function targetsInGuest(scene: () => Scene, suite: Scene['suite']): void {
  const { systemd } = suiteNamed(suite);

  describe('in the guest, logins', () => {
    let hostServer: Server;
    beforeAll(async () => {
      hostServer = createServer((socket) => socket.end('SSH-2.0-the_host\r\n'));
      await new Promise<void>((done) => hostServer.listen(`${scene().guest.folder}/vsock.sock_22`, done));
      return () => hostServer.close();
    });

    // conformance.ts logs in by fd passing, to more of them.
    const targets: Readonly<Record<string, string>> = {
      ...{ 'vsock/1': suite, [`vsock/${cid}`]: suite, 'vsock/LOCAL': suite, '.host': suite },
      ...{ 'unix%run%ssh-unix-local%socket': suite },
      ...(systemd >= 256
        ? {
            ...{ 'machine/FakeVM': suite, 'machine/fakeaddr': suite, 'machine/fakekey': suite },
            ...{ [`machine/${container}`]: container, [`container/${container}`]: container },
            [`unix${exportPath(systemd, container)}`]: container,
          }
        : {}),
    };

    test('by relay', async () => {
      const { guest, programs } = scene();
      const logins = programs.flatMap(({ name, ssh }) =>
        Object.entries(targets).map(([target, hostname]) => ({
          ...{ name: `${name} ${target}`, command: `${ssh('relay')} ${target} uname -n` },
          result: { code: 0, stdout: `${hostname}\n`, stderr: '' },
        })),
      );
      const results = await batch(
        guest,
        Object.fromEntries(logins.map(({ name, command }) => [name, command])),
      );
      expect(results).toEqual(Object.fromEntries(logins.map(({ name, result }) => [name, result])));
    });

    test('check shows the host key that sshd has, and the key that machined knows', async () => {
      const { guest, programs } = scene();
      const results = await batch(guest, {
        key: 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d" " -f2',
        ...Object.fromEntries(
          programs.flatMap(({ name, vmssh, nc }) => [
            [`${name} check`, `${vmssh} check --json vsock/1`],
            [`${name} resolve`, `${vmssh} resolve --json machine/fakekey`],
            [`${name} host`, `${nc} --banner vsock/host`],
          ]),
        ),
      });
      for (const { name } of programs) {
        const [checked] = resultsOf(results[`${name} check`]?.stdout ?? '');
        const found = checked?.stages.find(({ stage }) => stage === 'host key')?.found;
        expect(found).toContain(results.key?.stdout.trim());
        expect(results[`${name} host`]).toEqual({ code: 0, stdout: 'SSH-2.0-the_host\n', stderr: '' });
        if (systemd < 256) continue;
        expect(JSON.parse(results[`${name} resolve`]?.stdout ?? '')).toMatchObject({
          identityFile: '/root/.ssh/id_ed25519',
        });
      }
    });

    if (systemd >= 256) {
      test('names the machines that there are where one is not', async () => {
        const { guest, programs } = scene();
        for (const { name, vmssh } of programs) {
          const { other, nothing } = await batch(guest, {
            other: `${vmssh} resolve machine/other`,
            nothing: `${vmssh} resolve machine/nothing`,
          });
          const { exitCode } = documentedCode('NOT_FOUND');
          expect({ name, code: [other?.code, nothing?.code] }).toEqual({ name, code: [exitCode, exitCode] });
          for (const known of ['fakevm', 'fakeaddr', 'fakekey', container])
            expect(other?.stderr).toContain(JSON.stringify(known));
          expect(nothing?.stderr).toContain('has neither a vsock CID nor an SSH address');
        }
      });
    }
  });
}

/** In the guest, when the modules are taken away. Nothing is reached by vsock meanwhile. */
export function withoutTransport(scene: () => Scene): void {
  test('without a transport, without vsock and in a sandbox, it has the messages of docs/errors.md', async () => {
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

function errorsOf(json: string | undefined) {
  return resultsOf(json).map(({ exitCode, error: { target: _, ...error } = {} }) => ({ exitCode, ...error }));
}

function resultsOf(json = '{ "results": [] }') {
  return (JSON.parse(json) as { results: Checked[] }).results;
}
