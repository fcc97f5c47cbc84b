import { describe, expect, it } from 'vitest';
import { generator } from '../../src/guest/generator.js';
import { shell, shells } from '../helpers/shells.js';

const functions = generator.slice(0, generator.lastIndexOf('\nmain "$@"'));

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
    { line: 'a "open end', args: ['a', 'open end'] },
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
    {
      args: ['systemd.ssh_listen=22', 'systemd.ssh-listen=/run/a b'],
      auto: 'yes',
      listen: '22\n/run/a b\n',
    },
    { args: ['rd.systemd.ssh_auto=no'], auto: 'yes', listen: '' },
  ])('reads $args', ({ args, auto, listen }) => {
    const settings =
      'command_line() { printf "%s\\n" "$lines"; }; credential() { :; }; lines=$1; read_settings; printf "%s;%s" "$auto" "$listen"';
    expect(run(settings, args.join('\n'))).toBe(`${auto};${listen}`);
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
