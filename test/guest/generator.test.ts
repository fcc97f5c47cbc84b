import { describe, expect, it } from 'vitest';
import { generator } from '../../src/guest/units.js';
import { shell, shells } from '../helpers/shells.js';

const folders = '/etc /run /usr/local/lib /usr/lib /lib; do\n    packaged=';
/** Without main, and without the units of this host. */
const functions = generator
  .slice(0, generator.lastIndexOf('\nmain "$@"'))
  .replace(folders, folders.replace(/^.*;/, '/proc/none;'));

describe.each(shells)('$name', ({ command }) => {
  const run = (script: string, ...args: string[]) =>
    shell(command, `${functions}\nlog() { echo "log: $*"; }\n${script}`, { args }).stdout;

  it.each([
    { given: '22', want: '22' },
    { given: '0', want: '' },
    { given: '65536', want: '' },
    { given: '/run/a b', want: '/run/a b' },
    { given: '@abstract', want: '@abstract' },
    { given: '@', want: '' },
    { given: '127.0.0.1:22', want: '127.0.0.1:22' },
    { given: '127.0.0.1:', want: '' },
    { given: '127.0.0.1:22:1', want: '' },
    { given: '[::1]:22', want: '[::1]:22' },
    { given: '[fe80::1]:22%eth0', want: '[fe80::1]:22%eth0' },
    { given: '[zz]:22', want: '' },
    { given: 'vsock::22', want: 'vsock::22' },
    { given: 'vsock:2:4294967294', want: 'vsock:2:4294967294' },
    { given: 'vsock:2:4294967295', want: '' },
    { given: 'vsock:x:22', want: '' },
    { given: 'vsock://any:22', want: 'vsock::22' },
    { given: 'vsock://2:22', want: 'vsock:2:22' },
    { given: 'vsock://any:x:22', want: '' },
    { given: 'vsock:any:22', want: 'vsock::22' },
    { given: 'vsock:-1:22', want: 'vsock::22' },
    { given: 'vsock:hypervisor:22', want: 'vsock:0:22' },
    { given: 'vsock-stream:local:22', want: 'vsock:1:22' },
    { given: 'vsock:host:22', want: 'vsock:2:22' },
    { given: 'vsock-stream::22', want: 'vsock::22' },
    { given: 'vsock-stream:3:2222', want: 'vsock:3:2222' },
    { given: 'vsock:0x3:0x16', want: 'vsock:3:22' },
    { given: 'vsock::0xFFFFFFFE', want: 'vsock::4294967294' },
    { given: 'vsock::0xFFFFFFFF', want: '' },
    { given: 'vsock:0x:22', want: '' },
    { given: 'vsock:0x1ffffffff:22', want: '' },
    { given: 'vsock::022', want: '' },
    { given: 'vsock-dgram::22', want: '' },
    { given: 'localhost:22', want: '' },
    { given: 'nonsense', want: '' },
    { given: '', want: '' },
  ])('takes the address "$given" as "$want"', ({ given, want }) => {
    expect(run('stream_address "$1" || :', given)).toBe(want === '' ? '' : `${want}\n`);
  });

  it.each([
    { line: 'a  b=c\nd', args: ['a', 'b=c', 'd'] },
    { line: 'a "b=c d" e="f g"', args: ['a', 'b=c d', 'e=f g'] },
    { line: `x='a "b"' y`, args: ['x=a "b"', 'y'] },
    { line: '* ?', args: ['*', '?'] },
    { line: 'a "open end', args: ['a', '"open', 'end'] },
    { line: '', args: [''] },
  ])('splits the command line $line', ({ line, args }) => {
    expect(run('split "$1"', line).replace(/\n$/, '').split('\n')).toEqual(args);
  });

  it.each([
    { args: ['quiet'], auto: 'yes', listen: '' },
    { args: ['systemd.ssh_auto=no'], auto: 'no', listen: '' },
    { args: ['systemd.ssh_auto=OFF'], auto: 'no', listen: '' },
    { args: ['systemd.ssh-auto=f', 'systemd.ssh_auto'], auto: 'yes', listen: '' },
    { args: ['systemd.ssh_auto=0', 'systemd.ssh_auto=y'], auto: 'yes', listen: '' },
    { args: ['systemd.ssh_listen=22', 'systemd.ssh-listen=/run/a b'], auto: 'yes', listen: '22\n/run/a b\n' },
    { args: ['rd.systemd.ssh_auto=no'], auto: 'yes', listen: '' },
  ])('reads $args', ({ args, auto, listen }) => {
    const settings =
      'command_line() { printf "%s\\n" "$lines"; }; credential() { :; }; lines=$1; read_settings; printf "%s;%s" "$auto" "$listen"';
    expect(run(settings, args.join('\n'))).toBe(`${auto};${listen}`);
  });

  it('looks for units of packages', () => expect(generator).toContain(folders));

  it('binds each address once', () => {
    const settings =
      'folder=$(mktemp -d); template() { echo /t; }; poll_limit() { :; }; write_socket sshd-vsock vsock::22 x; listen=$1; bind_extra; ls "$folder" | grep socket$; rm -r "$folder"';
    const listen = 'vsock::22\n/run/s\nvsock::2222\n/run/s\n';
    expect(run(settings, listen).split('\n')).toEqual([
      ...['log: vsock::22 is bound already', 'log: binds sshd to /run/s', 'log: binds sshd to vsock::2222'],
      ...['log: /run/s is bound already', 'sshd-extra-2.socket', 'sshd-extra.socket'],
      ...['sshd-vsock.socket', ''],
    ]);
  });

  it.each([
    { version: '252 (252.39-1)', want: [] },
    { version: '255 (255.4-1ubuntu8)', want: ['PollLimitIntervalSec=30s', 'PollLimitBurst=50'] },
  ])('has sockets as systemd makes them: $version', ({ version, want }) => {
    const settings =
      'folder=$(mktemp -d); template() { echo /t; }; systemctl() { echo "systemd $version"; }; version=$1; write_socket s vsock::22 x; cat "$folder/s.socket"; rm -r "$folder"';
    const unit = run(settings, version).split('\n');
    expect(unit).toEqual(
      expect.arrayContaining(['Wants=ssh-access.target', 'Before=ssh-access.target', ...want]),
    );
    expect(unit.filter((line) => line.startsWith('Poll'))).toEqual(want);
  });

  it('has sshd read the keys of the credential for all accounts, besides the files that it reads anyway', () => {
    const settings =
      'folder=$(mktemp -d); CREDENTIALS_DIRECTORY=$folder; sshd=fake_sshd; fake_sshd() { echo "authorizedkeysfile $files_now"; }; files_now=$1; [ -z "$2" ] || : >"$folder/$2"; runtime_folder() { :; }; template >/dev/null; grep -E "^(Exec|Load)" "$folder/sshd-generated@.service"; rm -r "$folder"';
    const given = 'ssh.ephemeral-authorized_keys-all';
    expect(run(settings, '/etc/keys/%u', given)).toBe(
      `ExecStart=-fake_sshd -i -o "AuthorizedKeysFile \${CREDENTIALS_DIRECTORY}/${given} /etc/keys/%%u"\nLoadCredential=${given}\n`,
    );
    expect(run(settings, 'none', '')).toBe('ExecStart=-fake_sshd -i\n');
  });

  it('says which words and lines it leaves out, and why', () => {
    const settings =
      'command_line() { printf "%s\\n" "systemd.ssh_auto=maybe" "systemd.ssh_listen=x"; }; credential() { printf "# c\\n\\t; d\\n\\n  y z \\n /run/s "; }; read_settings; printf "%s;%s" "$auto" "$listen"';
    expect(run(settings)).toBe(
      [
        'log: systemd.ssh_auto=maybe is neither yes nor no, and left out',
        'log: systemd.ssh_listen=x is no address that systemd.socket(5) knows for ListenStream= here, and left out',
        "log: the credential ssh.listen's line y z is no address that systemd.socket(5) knows for ListenStream= here, and left out",
        'yes;/run/s\n',
      ].join('\n'),
    );
  });
});
