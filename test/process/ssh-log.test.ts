import { expect, it } from 'vitest';
import { readSsh, whyEnded } from '../../src/process/ssh-log.js';

it.each([
  ['root@127.0.0.1: Permission denied (publickey).\r\n', 'Permission denied (publickey).'],
  ['ann@web: Permission denied (publickey).\nConnection to web closed.\n', 'Permission denied (publickey).'],
  [
    'Received disconnect from UNKNOWN port 65535:2: Too many authentication failures\r\nDisconnected from UNKNOWN port 65535\r\n',
    'Too many authentication failures',
  ],
  ['mail to ann@web: lost\n', 'mail to ann@web: lost'],
  // What ssh 10.1 says of an older sshd, and any ssh that is ended from here.
  [
    'ann@web: Permission denied (publickey).\n** WARNING: connection is not\nKilled by signal 15.\n',
    'Permission denied (publickey).',
  ],
  // What the shell or another ProxyCommand says, over what ssh says of it.
  [
    'exec: line 1: /opt/vmssh: No such file or directory\r\nmm_receive_fd: no message header\r\nproxy dialer did not pass back a connection\r\n',
    'exec: line 1: /opt/vmssh: No such file or directory',
  ],
  [
    '/etc/ssh/ssh_config line 5: Deprecated option "rsaauthentication"\r\nmm_receive_fd: no message header\r\n',
    'mm_receive_fd: no message header',
  ],
  [
    'Connection closed by UNKNOWN port 65535\r\nvmssh: web is another of your machines now, by the word of podman\r\n',
    'Connection closed by UNKNOWN port 65535',
  ],
  [
    'Connection closed by UNKNOWN port 65535\r\nvmssh: nobody on this host can confirm the host key of web\r\n',
    'Connection closed by UNKNOWN port 65535',
  ],
  [
    'Connection closed by UNKNOWN port 65535\nvmssh: web was recreated; podman confirms its new host key\nhint: if your key is gone: vmssh setup web\n',
    'Connection closed by UNKNOWN port 65535',
  ],
  [
    "ann@web: Permission denied (publickey).\nERROR: ld.so: object '/gone.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.\n",
    'Permission denied (publickey).',
  ],
  ['', 'ssh ended with 255'],
])('names no HostName of ssh, which is not where it went: $1', (stderr, why) => {
  expect(whyEnded({ code: 255, stdout: '', stderr, stopped: undefined })).toBe(why);
});

it.each([
  ['key: ssh-ed25519 SHA256:HKLn', 'ssh-ed25519'],
  // As ssh 9.2 and 10.0 print it.
  [
    'certificate: ssh-ed25519-cert-v01@openssh.com SHA256:HKLn, serial 7 ID "web" CA ssh-ed25519 SHA256:CAca valid forever',
    'ssh-ed25519',
  ],
  ['key: ssh-mldsa44-ed25519@openssh.com SHA256:HKLn', 'ssh-mldsa44-ed25519@openssh.com'],
])('the host key is that of a certificate too: %s', (said, type) => {
  const { reach, hostKey } = readSsh(`debug1: SSH2_MSG_KEXINIT received\r\ndebug1: Server host ${said}\r\n`);
  expect({ reach, hostKey }).toEqual({ reach: 'host key', hostKey: { type, fingerprint: 'SHA256:HKLn' } });
});

it('takes a key in a folder of another host for one only if ssh has named that file itself', () => {
  const key = '\\\\home\\ann\\id';
  const said = (file: string) =>
    readSsh(
      [
        `debug1: identity file ${file} type 3`,
        'debug1: Local version string SSH-2.0-x',
        'debug1: SSH2_MSG_SERVICE_ACCEPT received',
        ...['Offering public key', 'Server accepts key'].map(
          (what) => `debug1: ${what}: ${key} ED25519 SHA256:AAAA`,
        ),
      ].join('\n'),
    );
  expect(said(key)).toMatchObject({ offered: [{ name: key }], accepted: { name: key } });
  expect(said('C:/Users/ann/.ssh/id')).toMatchObject({ offered: [], accepted: undefined });
});
