import { createServer, type Server } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { suiteNamed } from '../../images/suites.js';
import { documentedCode } from '../messages.js';
import { batch } from '../scene/batch.js';
import { container, exportPath } from '../scene/machines.js';
import { cid, type Scene } from '../scene/scene.js';
import { resultsOf } from './checked.js';

/** What vmssh says of a key at a first login; one that was logged in to by another spelling may be known. */
const unconfirmed = /^(?:vmssh: nobody on this host can confirm the host key of \S+\n)?$/;

/** In the guest: logins by every kind of target that leads back into it, or into a container. */
export function loginsInGuest(scene: () => Scene, suite: Scene['suite']): void {
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
      'vsock/1': suite,
      [`vsock/${cid}`]: suite,
      'vsock/LOCAL': suite,
      '.host': suite,
      'unix%run%ssh-unix-local%socket': suite,
      ...(systemd >= 256
        ? {
            'machine/FakeVM': suite,
            'machine/fakeaddr': suite,
            'machine/fakekey': suite,
            [`machine/${container}`]: container,
            [`container/${container}`]: container,
            [`unix${exportPath(systemd, container)}`]: container,
          }
        : {}),
    };

    test('by fd passing, the first ones: nobody confirms a key but the manager of a container, and ssh keeps it', async () => {
      const {
        guest,
        programs: [program],
      } = scene();
      const commands = Object.keys(targets).map((target) => [
        target,
        `${program?.ssh('fdpass')} ${target} uname -n`,
      ]);
      const results = await batch(guest, Object.fromEntries(commands));
      const said = Object.entries(targets).map(([target, hostname]) => ({
        ...{ target, code: 0, stdout: `${hostname}\n` },
        stderr: hostname === suite ? expect.stringMatching(unconfirmed) : '',
      }));
      expect(Object.entries(results).map(([target, result]) => ({ target, ...result }))).toEqual(said);
      expect(Object.values(results).map(({ stderr }) => stderr)).toContainEqual(
        expect.stringMatching(/nobody on this host can confirm the host key of \S+\n$/),
      );
    });

    test('by relay, again: nothing is said', async () => {
      const { guest, programs } = scene();
      const logins = programs.flatMap(({ name, ssh }) =>
        Object.entries(targets).map(([target, hostname]) => ({
          name: `${name} ${target}`,
          command: `${ssh('relay')} ${target} uname -n`,
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
      test('names the existing machines if one is missing', async () => {
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
