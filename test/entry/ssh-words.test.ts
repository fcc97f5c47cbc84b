import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type SshCaller, sshCaller, sshWords } from '../../src/entry/ssh-words.js';
import { script, useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const caller: SshCaller = {
  ...{ ssh: ['ssh'], program: ['/opt/vm ssh'], keysFile: '', settings: [] },
  ...{ platform: 'linux', asksForKeys: false, nullsStdin: false },
};

it('keep what hides the end of a script away, and end with what ssh runs', () => {
  const words = sshWords({ by: 'ssh', host: 'web', sshConfig: '/c' }, caller, { command: 'true' });
  const line = 'ssh -F /c -o LogLevel=ERROR -o RemoteCommand=none -o RequestTTY=no -- web true';
  expect(words.join(' ')).toBe(line);
  const target = sshWords({ by: 'target', host: 'root@vsock/3', port: 70000 }, caller, {});
  expect(target).toContain("ProxyCommand='/opt/vm ssh' proxy vsock/3 70000");
});

it('have vmssh asked for the host key of a target, by an ssh that can', () => {
  const entry = { by: 'target', host: 'root@machine/web', identityFile: '/k' } as const;
  const word = 'KnownHostsCommand="/opt/vm ssh" host-key --file="" --typed=machine/web -- %I %H %t %K';
  expect(sshWords(entry, { ...caller, asksForKeys: true }, {})).toEqual(
    expect.arrayContaining([word, 'IdentityFile=/k']),
  );
});

const ssh = (version: string) => {
  const says = `case "$*" in *-V*) echo ${version} >&2 ;; *) echo stricthostkeychecking true ;; esac`;
  script(join(dir, 'ssh'), says);
  const env = { PATH: `${dir}:${process.env.PATH}`, HOME: dir };
  return { self: ['/vmssh'], platform: 'linux', env } as const;
};

it('have an older ssh check it by the name of the machine, as strictly as it decides', async () => {
  const entry = { by: 'target', host: 'root@machine/web' } as const;
  const words = sshWords(entry, await sshCaller(entry, ssh('OpenSSH_8.4p1')), {});
  expect(words).toContainEqual(expect.stringMatching(/^HostKeyAlias=vmssh-machine/));
  expect(words.join()).not.toMatch(/KnownHostsCommand|StrictHostKeyChecking/);
});

it('take no other host key than the only one, and ask nobody', async () => {
  const onlyKey = { knownHosts: '/known', hostKeyAlias: 'web' };
  const entry = { by: 'target', host: 'ann@machine/web', onlyKey } as const;
  const words = sshWords(entry, await sshCaller(entry, ssh('OpenSSH_9.9p1')), {});
  const wanted = ['HostKeyAlias=web', 'StrictHostKeyChecking=yes', 'KnownHostsCommand=none'];
  expect(words).toEqual(expect.arrayContaining([...wanted, 'UserKnownHostsFile=/known']));
});

it('take a target that ssh takes for no host, and the key of its manager', () => {
  const host = 'ann@machine/Web Server: 100%';
  const words = sshWords({ by: 'target', host, port: 22, identityFile: '/k e%y' }, caller, { command: 'x' });
  expect(words).toContain("ProxyCommand='/opt/vm ssh' proxy 'machine/Web Server: 100%%' 22");
  expect(words).toContain('IdentityFile="/k e%%y"');
  expect(words.at(-2)).toBe('ann@machine/Web-Server-100%');
});
