import { describe, expect, it } from 'vitest';
import { credentialsOf } from '../../../src/guest/credentials.js';
import credentials from '../../../src/guest/sh/check/credentials.sh';
import facts from '../../../src/guest/sh/parts/facts.sh';
import report from '../../../src/guest/sh/parts/report.sh';
import { shells } from '../../helpers/shells.js';
import { eachRow } from '../../helpers/tables/rows.js';
import { given, runThere, useRoot } from './guest.js';

useRoot();
const made = 'ssh-ed25519 AAAAmade';
const [extra, login] = credentialsOf({
  hostKey: 'PRIVATE\n',
  hostPublicKey: `${made} vmssh-web`,
  logins: ['ssh-ed25519 AAAAlogin me'],
});
const taken = 'run/credentials/@system/tmpfiles.extra';
const smbios = 'sys/firmware/dmi/entries/11-0/raw';
const pub = 'etc/ssh/ssh_host_ed25519_key.pub';
const cmdline = 'proc/cmdline';
const has = {
  [smbios]: '\x0b\x05\0io.systemd.credential.binary:tmpfiles.extra=AAAA\0',
  [pub]: `${made} x\n`,
};
const ok = 'ok       credentials   sshd has the host key that was made for this machine\n';

describe.each(shells)('whether the keys were taken, by $name', ({ command }) => {
  const check = (
    files: Record<string, string | undefined>,
    { key = made, version = '252', init = 'systemd' } = {},
  ) => {
    given({ 'proc/1/comm': `${init}\n`, 'run/systemd/system/x': '', [cmdline]: 'quiet\n', ...files });
    given({
      'bin/systemctl': `#!/bin/sh\necho 'systemd ${version} (${version}.1)'\n`,
      'bin/id': '#!/bin/sh\necho 0\n',
      'bin/sshd': '#!/bin/sh\necho hostkey /etc/ssh/ssh_host_ed25519_key\n',
    });
    const facing = `sshd=/bin/sshd\nmade_key='${key}'\n${report}${facts}${credentials}`;
    return runThere(command, `${facing}\nPATH="$1/bin:$PATH"\ncheck_credentials\n`);
  };

  it('says nothing of a machine without any, or with those of others', () => {
    expect(check({ [pub]: `${made}\n` }, { key: '' })).toBe('');
    expect(
      check({ [smbios]: 'io.systemd.credential:ssh.listen=vsock::2222', [taken]: 'd /x\n' }, { key: '' }),
    ).toBe('');
  });

  it.each([made, ''])('is ok by the key that the host has (%j), or by the credential', (key) => {
    expect(check({ ...has, [taken]: extra?.text ?? '' }, { key })).toBe(ok);
  });

  it('names a key that was replaced, and one that was made anew on the host', () => {
    const other = { ...has, [taken]: extra?.text ?? '', [pub]: 'ssh-ed25519 AAAAother\n' };
    expect(check(other)).toMatch(
      /^failed +credentials +\S+ is not the key in .*: something replaced it\nfix .*systemd-tmpfiles --create - < \/run\/credentials\/@system\/tmpfiles\.extra\n$/,
    );
    expect(check({ ...has, [taken]: extra?.text ?? '' }, { key: 'ssh-ed25519 AAAAnew' })).toMatch(
      /^failed .* is not the one that was made for it\n/,
    );
  });

  eachRow({
    'another init': {
      files: has,
      more: { init: 'init' },
      says: 'only systemd 252 or later reads them, and PID 1 is init',
    },
    'an old systemd': { files: has, more: { version: '249' }, says: 'PID 1 is systemd 249.1' },
    'no SMBIOS': { files: {}, more: {}, says: 'started without any: no SMBIOS string' },
    'a kernel command line for 254': {
      files: { [cmdline]: 'quiet systemd.set_credential_binary=tmpfiles.extra:AAAA' },
      more: { version: '253' },
      says: 'only 254 or later reads systemd.set_credential_binary',
    },
    'a setting': {
      files: { ...has, [cmdline]: 'systemd.import_credentials=no quiet' },
      more: {},
      says: 'systemd.import_credentials=no is on the kernel command line',
    },
    'encrypted memory': { files: has, more: { version: '257' }, says: 'did not import it from SMBIOS' },
  })('says why it was not taken: $name', ({ files, more, says }) => {
    const [line, fix] = check(files, more).split('\n');
    expect(line).toMatch(
      /^failed +credentials +a host key was made for this machine, but it did not get it: /,
    );
    expect(line).toContain(says);
    expect(fix).toMatch(/^hint +credentials +on the host: vmssh guest credentials NAME --for cloud-init/);
  });

  it('says that root had keys', () => {
    const files = {
      ...has,
      [taken]: extra?.text ?? '',
      'root/.ssh/authorized_keys': 'ssh-rsa AAAA\n',
      'run/credentials/@system/ssh.authorized_keys.root': login?.text ?? '',
    };
    expect(check(files)).toMatch(
      /^ok .*\nskipped +credentials +root had keys already.*\nfix .*>> \/root\/\.ssh\/authorized_keys\n$/,
    );
    expect(check({ ...files, 'root/.ssh/authorized_keys': login?.text ?? '' })).toBe(ok);
  });
});
