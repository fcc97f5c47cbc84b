import type { RawArgs } from '../../src/cli/command.js';

const config = 'config install, config diff, config print';
const guestSetup = '-p 2222 --hosts-fix --hushlogin --key k --account ann';
const ofSetup = 'port=2222 hosts-fix hushlogin key=k account=ann';

/** Commands, their arguments, and what both parsers must make of them; a text is words with blanks between them, an option NAME or NAME=VALUE. */
const table: readonly (readonly [
  commands: string,
  args: string | readonly string[],
  positionals: string | readonly string[],
  options: string | RawArgs['options'],
])[] = [
  [config, '--via-file f --via-group lab', '', 'via-file=f via-group=lab'],
  [config, '--no-via', '', 'no-via'],
  ['inventory', '--list -r --prefix=vm-', '', 'list running prefix=vm-'],
  ['inventory', '--host web --via-file f --via-group lab', '', 'host=web via-file=f via-group=lab'],
  [
    'list',
    '--via-file f --via-group=lab --via hv1',
    '',
    { 'via-file': 'f', 'via-group': 'lab', via: ['hv1'] },
  ],
  ['forward', 'mint 22 2222 --install --private', 'mint 22 2222', 'install private'],
  ['forward', '--uninstall mint 22 2222', 'mint 22 2222', 'uninstall'],
  ['forward', '--list --json', '', 'list json'],
  ['proxy, config print', '', '', ''],
  ['proxy', 'vsock/3 22', 'vsock/3 22', ''],
  ['proxy', '--fdpass --record --typed vsock/3 vsock/3 22', 'vsock/3 22', 'fdpass record typed=vsock/3'],
  ['proxy', '--typed=unix/Foo=Bar unix/foo=bar 22', 'unix/foo=bar 22', 'typed=unix/Foo=Bar'],
  ['ssh, scp, sftp, rsync, check, proxy, nc', '--route vsock,ip mint', 'mint', 'route=vsock,ip'],
  ['proxy', '--via hv1 mint 22', 'mint 22', { via: ['hv1'] }],
  ['proxy', '--typed= a 1', 'a 1', 'typed='],
  ['proxy', ['--typed', '', 'a', '1'], 'a 1', 'typed='],
  ['proxy', '--typed --wait a 1', 'a 1', 'typed=--wait'],
  ['proxy', '--typed -x a 1', 'a 1', 'typed=-x'],
  ['proxy', ['', '22'], ['', '22'], ''],
  ['proxy', '- 22', '- 22', ''],
  ['proxy', '-- -x --wait', '-x --wait', ''],
  ['proxy', '-v a -- --wait', 'a --wait', 'verbose'],
  ['proxy', 'a 1 -v', 'a 1', 'verbose'],
  ['proxy', '-v -v a', 'a', 'verbose'],
  ['proxy', '--timeout 5 --timeout 6 a', 'a', 'timeout=6'],
  ['proxy', '--wait a 1', 'a 1', 'wait'],
  ['proxy', '--wait 60x a', '60x a', 'wait'],
  ['proxy', 'a 1 --wait', 'a 1', 'wait'],
  ['proxy', '--wait=60 a', 'a', 'wait=60'],
  ['proxy', '--wait= a', 'a', 'wait='],
  ['proxy', '--wait=1 --wait a', 'a', 'wait'],
  ['proxy', ['a\nb', 'Ü'], ['a\nb', 'Ü'], ''],
  ['nc', '--pipe --timeout=15 --ready=vmssh-0 -- web 22', 'web 22', 'pipe timeout=15 ready=vmssh-0'],
  [
    'nc',
    '-t vsock,ip --ssh --host-prefix hyper-v/ hyper-v/mint 22',
    'hyper-v/mint 22',
    'transport=vsock,ip ssh host-prefix=hyper-v/',
  ],
  ['service register', ['--name', 'a b', '--dry-run', '22'], '22', { name: 'a b', 'dry-run': true }],
  ['service unregister', '--dry-run 22', '22', 'dry-run'],
  ['source add, source remove', '--dry-run -y -v msb', 'msb', 'dry-run verbose yes'],
  ['nc', '-b --pipe -p 2222 --wait vsock/3', 'vsock/3', 'banner pipe port=2222 wait'],
  ['check', '--wait vsock/3 -p 2222 -l ann --json', 'vsock/3', 'wait port=2222 user=ann json'],
  ['check', '--until resolved a', 'a', 'until=resolved'],
  [config, '--throwaway=vsock/*', '', { throwaway: ['vsock/*'] }],
  [config, '--no-throwaway', '', 'no-throwaway'],
  ['config print', '--out f', '', 'out=f'],
  [
    'check',
    '--over root@web -p 2222 -l ann --ssh-config f vsock/3',
    'vsock/3',
    'over=root@web port=2222 user=ann ssh-config=f',
  ],
  ['check', '--route vsock,ip --over=root@web mint', 'mint', 'route=vsock,ip over=root@web'],
  [
    'setup',
    '-l ann --key k.pub -n -y --no-config --install-sshd --restart --json mint podman/web',
    'mint podman/web',
    'user=ann key=k.pub dry-run yes no-config json install-sshd restart',
  ],
  ['setup', '--undo --all -y mint', 'mint', 'undo all yes'],
  ['setup', '--bring-sshd mint', 'mint', 'bring-sshd'],
  ['setup', '--by login --host-key SHA256:x mint', 'mint', 'by=login host-key=SHA256:x'],
  [
    'setup',
    '--shared-home --take-name --unproved --vsock mint',
    'mint',
    'shared-home take-name unproved vsock',
  ],
  ['setup', '--for root mint', 'mint', 'for=root'],
  ['doctor', '--report', '', 'report'],
  [
    'guest install',
    `--target vsock/3 ${guestSetup} --only-vsock --only-loopback --generator --shared-home --undo --by ssh --ssh-config f root@web`,
    'root@web',
    `target=vsock/3 ${ofSetup} only-vsock only-loopback generator shared-home undo by=ssh ssh-config=f`,
  ],
  ['guest off', '--undo --by ssh --ssh-config f root@web', 'root@web', 'undo by=ssh ssh-config=f'],
  [
    'guest print',
    `${guestSetup} --only-vsock --only-loopback --generator --undo`,
    '',
    `${ofSetup} only-vsock only-loopback generator undo`,
  ],
  ['forward', '--route vsock,ip web 80', 'web 80', 'route=vsock,ip'],
  ['forward', '--reverse vsock/3 5000 ./agent.sock', 'vsock/3 5000 ./agent.sock', 'reverse'],
  ['forward', '--max 5 --idle 60 vsock/3 80 systemd', 'vsock/3 80 systemd', 'max=5 idle=60'],
  [
    'list',
    '-r --provider libvirt -o wide -q --ids --json -w',
    '',
    'running provider=libvirt output=wide quiet ids json watch',
  ],
  [
    'config install',
    ['--only-patterns', '--prefix', 'vm-', '--system', '-n', '-o', 'User=root', '--ssh-option', 'A=-b c'],
    '',
    {
      ...{ 'only-patterns': true, prefix: 'vm-', system: true, 'dry-run': true },
      'ssh-option': ['User=root', 'A=-b c'],
    },
  ],
  ['config install', '--no-fdpass', '', 'no-fdpass'],
  ['config install, config diff', '--fresh', '', 'fresh'],
  ['config install, config diff', '--no-fresh', '', 'no-fresh'],
  [config, '--fdpass', '', 'fdpass'],
  ['config uninstall', '--system --dry-run', '', 'system dry-run'],
  [
    'config diff',
    '--only-patterns --prefix=vm- --system --no-fdpass -o A=b',
    '',
    { 'only-patterns': true, prefix: 'vm-', system: true, 'no-fdpass': true, 'ssh-option': ['A=b'] },
  ],
  [
    'config print',
    '--only-patterns --prefix vm- --ssh-option=A=b --no-fdpass',
    '',
    { 'only-patterns': true, prefix: 'vm-', 'ssh-option': ['A=b'], 'no-fdpass': true },
  ],
  [config, '--route vsock,ip', '', 'route=vsock,ip'],
  [config, '--no-route', '', 'no-route'],
  [config, '--bring-sshd', '', 'bring-sshd'],
  [config, '--no-bring-sshd', '', 'no-bring-sshd'],
  ['proxy', '--bring-sshd --login dev a 22', 'a 22', 'bring-sshd login=dev'],
  ['proxy', '--ssh-user=dev a 22', 'a 22', 'ssh-user=dev'],
  [config, '--start', '', 'start'],
  ['config install', '--start=a,b', '', 'start=a,b'],
  ['proxy', '--start-on-terminal a 22', 'a 22', 'start-on-terminal'],
  [config, '--no-start', '', 'no-start'],
  ['forget', 'a b', 'a b', ''],
  ['forget', '--gone', '', 'gone'],
  ['list', '--watch=5', '', 'watch=5'],
  [
    'guest print',
    '--as units --systemd 255 -p 2222 --distro arch',
    '',
    'as=units systemd=255 port=2222 distro=arch',
  ],
  ['guest print', '--as=generator', '', 'as=generator'],
  ['guest print', `--as cloud-init ${guestSetup} --generator`, '', `as=cloud-init ${ofSetup} generator`],
  [
    'guest credentials',
    '--for qemu --key k --listen 22 --listen=@s -o f --show-private-key --undo --json web',
    'web',
    {
      ...{ for: 'qemu', key: 'k', listen: ['22', '@s'], output: 'f' },
      ...{ 'show-private-key': true, undo: true, json: true },
    },
  ],
  [
    'guest check',
    '--script -p 2222 -l ann --by wsl --ssh-config f --target vsock/3 --credentials web root@web',
    'root@web',
    'credentials=web script port=2222 user=ann by=wsl ssh-config=f target=vsock/3',
  ],
];

export const rows: readonly { command: string; args: string[]; want: RawArgs }[] = table.flatMap(
  ([commands, args, positionals, options]) =>
    commands.split(', ').map((command) => ({
      command,
      args: words(args),
      want: {
        positionals: words(positionals),
        options: typeof options === 'string' ? optionsIn(options) : options,
      },
    })),
);

function words(text: string | readonly string[]): string[] {
  return typeof text === 'string' ? text.split(' ').filter((word) => word !== '') : [...text];
}

function optionsIn(text: string): RawArgs['options'] {
  return Object.fromEntries(
    words(text).map((word) => {
      const [, name = '', value] = /^([^=]+)(?:=(.*))?$/.exec(word) ?? [];
      return [name, value ?? true];
    }),
  );
}
