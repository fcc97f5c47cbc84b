import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ends, failing } from '../../helpers/expected.js';
import { missingRoot, otherUser } from '../../helpers/other-user.js';
import { run, vmssh } from '../../helpers/run.js';
import { useMachined } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { useJsonServices } from '../../sources/managers/json-services.js';

const dir = useTempDir();
const serve = useJsonServices(dir);

/** What root is after `su` or `sudo -E`: its folders are those of the user before. */
describe.skipIf(missingRoot('an environment of others'))('an environment of another user', () => {
  const machined = useMachined([{ name: 'prod', class: 'vm', service: 'x', vSockCid: 4_000_000_009 }]);
  const { uid = 0, gid = 0 } = otherUser;
  const program = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    run([...vmssh, ...args], { env: { ...process.env, ...env } });

  it('has no systemd-machined', async () => {
    await ends(0, program(['check', '--until=resolved', 'machine/prod'], machined.env));
    chownSync(dirname(machined.env.XDG_RUNTIME_DIR), uid, gid);
    chownSync(machined.env.XDG_RUNTIME_DIR, uid, gid);
    await ends(4, program(['check', '--until=resolved', 'machine/prod'], machined.env));
    expect(await program(['list', '--json'], machined.env)).toMatchObject({
      stdout: expect.not.stringContaining('prod'),
    });
  });

  it('has no Incus', async () => {
    const metadata = [
      { name: 'prod', type: 'virtual-machine', config: { 'volatile.vsock_id': '4000000009' } },
    ];
    const answers = { '/1.0/instances?recursion=2&all-projects=true': JSON.stringify({ metadata }) };
    const INCUS_SOCKET = await serve('incus.sock', answers);
    expect(await program(['list', '--provider=incus'], { INCUS_SOCKET })).toMatchObject({
      stdout: expect.stringContaining('incus/prod'),
    });
    chownSync(INCUS_SOCKET, uid, gid);
    expect(await program(['list', '--provider=incus'], { INCUS_SOCKET })).toMatchObject({
      stdout: expect.not.stringContaining('incus/prod'),
    });
  });

  it.each([
    ['XDG_CONFIG_HOME', (theirs: string, own: string) => ({ HOME: own, XDG_CONFIG_HOME: theirs })],
    ['HOME', (theirs: string) => ({ HOME: theirs, XDG_CONFIG_HOME: '' })],
    [
      'a relative XDG_CONFIG_HOME',
      (theirs: string, own: string) => ({ HOME: own, XDG_CONFIG_HOME: basename(theirs) }),
    ],
  ])('has no list of hypervisors, by $0', async (name, env) => {
    const theirs = join(dir, `settings of ${name}`);
    for (const folder of [theirs, join(theirs, '.config')]) {
      mkdirSync(join(folder, 'vmssh'), { recursive: true });
      writeFileSync(join(folder, 'vmssh/hypervisors'), '[lab]\ntheirs\n');
    }
    const list = (more: NodeJS.ProcessEnv) =>
      run([...vmssh, 'list', '--via-group', 'lab'], {
        cwd: dir,
        env: { ...process.env, VMSSH_SSH: '/bin/false', ...more },
      });
    const own = { HOME: dir, XDG_CONFIG_HOME: theirs };
    expect(await list(own)).toMatchObject({ stdout: expect.stringContaining('theirs') });
    if (!name.startsWith('a relative')) chownSync(theirs, uid, gid);
    expect(await list(env(theirs, dir))).toMatchObject(
      failing(1, /\.config\/vmssh\/hypervisors" cannot be read: ENOENT/),
    );
  });

  it('is not handed on to the tools that are asked', async () => {
    const theirs = join(dir, 'theirs');
    mkdirSync(theirs);
    chownSync(theirs, uid, gid);
    const list = '{"list":[{"name":"of ($HOME,$XDG_RUNTIME_DIR,$XDG_DATA_HOME)","ipv4":[]}]}';
    writeFileSync(join(dir, 'multipass'), `#!/bin/sh\ncat <<.\n${list}\n.\n`, { mode: 0o755 });
    const PATH = `${dir}:${process.env.PATH}`;
    const own = { PATH, HOME: dir, XDG_RUNTIME_DIR: theirs, XDG_DATA_HOME: theirs };
    expect(await program(['list', '--provider=multipass'], own)).toMatchObject({
      stdout: expect.stringContaining(`of (${dir},,)`),
    });
  });
});
