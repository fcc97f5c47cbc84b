import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configText } from '../../../src/hosts/text.js';
import { findProgram, lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useMachined } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

/** As in systemd 262; 257 says nothing of a user. */
const ofSystemd = `Host unix/* unix%* vsock/* vsock%* vsock-mux/* vsock-mux%* machine/* machine%*
    ProxyCommand /usr/lib/systemd/systemd-ssh-proxy %h %p
    ProxyUseFdpass yes
    User root
`;

describe.skipIf(lacks('ssh'))('the login user', () => {
  const dir = useTempDir();
  const machines = ['web', 'Big Web'].map((name, i) => ({
    ...{ name, id: `${i}a`.repeat(16), class: 'vm', service: 'x', sshAddress: `vsock/${42 + i}` },
  }));
  const env = { ...process.env, HOME: dir, ...useMachined(machines).env };
  const hosts = ['web', 'mint'].map((host) => ({
    ...{ host, names: [`machine/${host}`, `machine%${host}`], about: host },
    options: { target: `machine/${host}`, knownHosts: '~/x', user: host === 'mint' ? 'dev' : undefined },
  }));

  /** The file for ssh: our Hosts, then those lines of systemd, then the user's own for every host. */
  function withLines(lines: string): string {
    const main = join(dir, 'main');
    const drop = join(dir, '20-systemd-ssh-proxy.conf');
    writeFileSync(drop, lines);
    const ours = configText({ program: vmssh, fdpass: true, hosts });
    writeFileSync(main, `${ours}\nMatch all\nInclude ${drop}\nHost *\n    User ann\n`);
    return main;
  }

  it.each([
    ['vsock/3', 'root'],
    ['unix/run/x', 'root'],
    ['machine/web', 'root'],
    ['web', 'ann'],
    ['mint', 'dev'],
    ['machine/mint', 'dev'],
    ['vsock:3', 'root'],
    ['Big Web', 'ann'],
  ])('of $0 is $1 with the lines of systemd 262', async (typed, user) => {
    const userOf = async (command: readonly string[]) =>
      /^user (.*)$/m.exec((await run(command, { env })).stdout)?.[1];
    for (const lines of [ofSystemd, ofSystemd.replace('User root', '')]) {
      const main = withLines(lines);
      const want = lines === ofSystemd || user !== 'root' ? user : 'ann';
      // Others are no host for it.
      if (/^[\w/]+$/.test(typed)) expect(await userOf(['ssh', '-F', main, '-G', typed])).toBe(want);
      // There is no machine mint now.
      if (user === 'dev') continue;
      const printed = await run([...vmssh, 'ssh', '-F', main, '--print-command', typed], { env });
      expect(await userOf(['sh', '-c', printed.stdout.replace(/^ssh /, 'ssh -G ')])).toBe(want);
    }
  });

  it.each([
    [ofSystemd, /root, as DIR\/20-systemd-ssh-proxy\.conf line \d says$/],
    ['', /ann, as DIR\/main line \d+ says$/],
  ])('of an address is shown by the doctor, with who says so', async (lines, want) => {
    mkdirSync(join(dir, 'bin'), { recursive: true });
    const ssh = `#!/bin/sh\nexec ${findProgram('ssh')} -F ${withLines(lines)} "$@"\n`;
    writeFileSync(join(dir, 'bin/ssh'), ssh, { mode: 0o755 });
    const asked = { env: { ...env, PATH: `${dir}/bin:${process.env.PATH}` } };
    const { checks } = JSON.parse((await run([...vmssh, 'doctor', '--json'], asked)).stdout);
    const { found } = checks.find(({ name }: { name: string }) => name === 'login user');
    expect(found.replace(dir, 'DIR')).toMatch(want);
  });
});
