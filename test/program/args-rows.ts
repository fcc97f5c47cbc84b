import type { RawArgs } from '../../src/cli/command.js';

/** What both parsers must make of arguments. */
export const rows: readonly { command: string; args: string[]; want: RawArgs }[] = [
  ...['install', 'diff', 'print'].flatMap((command) => [
    {
      command: `config ${command}`,
      args: ['--via-file', 'f', '--via-group', 'lab'],
      want: { positionals: [], options: { 'via-file': 'f', 'via-group': 'lab' } },
    },
    {
      command: `config ${command}`,
      args: ['--no-via'],
      want: { positionals: [], options: { 'no-via': true as const } },
    },
  ]),
  {
    command: 'inventory',
    args: ['--list', '-r', '--prefix=vm-'],
    want: { positionals: [], options: { list: true, running: true, prefix: 'vm-' } },
  },
  {
    command: 'inventory',
    args: ['--host', 'web', '--via-file', 'f', '--via-group', 'lab'],
    want: { positionals: [], options: { host: 'web', 'via-file': 'f', 'via-group': 'lab' } },
  },
  {
    command: 'via push',
    args: ['--executable', 'bin/vmssh', 'pi'],
    want: { positionals: ['pi'], options: { executable: 'bin/vmssh' } },
  },
  {
    command: 'list',
    args: ['--via-file', 'f', '--via-group=lab', '--via', 'hv1'],
    want: { positionals: [], options: { 'via-file': 'f', 'via-group': 'lab', via: ['hv1'] } },
  },
  {
    command: 'forward',
    args: ['mint', '22', '2222', '--install', '--private'],
    want: { positionals: ['mint', '22', '2222'], options: { install: true, private: true } },
  },
  {
    command: 'forward',
    args: ['--uninstall', 'mint', '22', '2222'],
    want: { positionals: ['mint', '22', '2222'], options: { uninstall: true } },
  },
  {
    command: 'forward',
    args: ['--list', '--json'],
    want: { positionals: [], options: { list: true, json: true } },
  },
  { command: 'proxy', args: [], want: { positionals: [], options: {} } },
  { command: 'proxy', args: ['vsock/3', '22'], want: { positionals: ['vsock/3', '22'], options: {} } },
  {
    command: 'proxy',
    args: ['--fdpass', '--typed', 'vsock/3', 'vsock/3', '22'],
    want: { positionals: ['vsock/3', '22'], options: { fdpass: true, typed: 'vsock/3' } },
  },
  {
    command: 'proxy',
    args: ['--typed=unix/Foo=Bar', 'unix/foo=bar', '22'],
    want: { positionals: ['unix/foo=bar', '22'], options: { typed: 'unix/Foo=Bar' } },
  },
  ...['ssh', 'scp', 'sftp', 'rsync', 'check', 'proxy', 'nc'].map((command) => ({
    command,
    args: ['--route', 'vsock,ip', 'mint'],
    want: { positionals: ['mint'], options: { route: 'vsock,ip' } },
  })),
  {
    command: 'proxy',
    args: ['--via', 'hv1', 'mint', '22'],
    want: { positionals: ['mint', '22'], options: { via: ['hv1'] } },
  },
  {
    command: 'proxy',
    args: ['--typed=', 'a', '1'],
    want: { positionals: ['a', '1'], options: { typed: '' } },
  },
  {
    command: 'proxy',
    args: ['--typed', '', 'a', '1'],
    want: { positionals: ['a', '1'], options: { typed: '' } },
  },
  {
    command: 'proxy',
    args: ['--typed', '--wait', 'a', '1'],
    want: { positionals: ['a', '1'], options: { typed: '--wait' } },
  },
  {
    command: 'proxy',
    args: ['--typed', '-x', 'a', '1'],
    want: { positionals: ['a', '1'], options: { typed: '-x' } },
  },
  { command: 'proxy', args: ['', '22'], want: { positionals: ['', '22'], options: {} } },
  { command: 'proxy', args: ['-', '22'], want: { positionals: ['-', '22'], options: {} } },
  { command: 'proxy', args: ['--', '-x', '--wait'], want: { positionals: ['-x', '--wait'], options: {} } },
  {
    command: 'proxy',
    args: ['-v', 'a', '--', '--wait'],
    want: { positionals: ['a', '--wait'], options: { verbose: true } },
  },
  { command: 'proxy', args: ['a', '1', '-v'], want: { positionals: ['a', '1'], options: { verbose: true } } },
  { command: 'proxy', args: ['-v', '-v', 'a'], want: { positionals: ['a'], options: { verbose: true } } },
  {
    command: 'proxy',
    args: ['--timeout', '5', '--timeout', '6', 'a'],
    want: { positionals: ['a'], options: { timeout: '6' } },
  },
  {
    command: 'proxy',
    args: ['--wait', 'a', '1'],
    want: { positionals: ['a', '1'], options: { wait: true } },
  },
  {
    command: 'proxy',
    args: ['--wait', '60x', 'a'],
    want: { positionals: ['60x', 'a'], options: { wait: true } },
  },
  {
    command: 'proxy',
    args: ['a', '1', '--wait'],
    want: { positionals: ['a', '1'], options: { wait: true } },
  },
  { command: 'proxy', args: ['--wait=60', 'a'], want: { positionals: ['a'], options: { wait: '60' } } },
  { command: 'proxy', args: ['--wait=', 'a'], want: { positionals: ['a'], options: { wait: '' } } },
  {
    command: 'proxy',
    args: ['--wait=1', '--wait', 'a'],
    want: { positionals: ['a'], options: { wait: true } },
  },
  { command: 'proxy', args: ['a\nb', 'Ü'], want: { positionals: ['a\nb', 'Ü'], options: {} } },
  {
    command: 'nc',
    args: ['--pipe', '--timeout=15', '--ready=vmssh-0', '--', 'web', '22'],
    want: { positionals: ['web', '22'], options: { pipe: true, timeout: '15', ready: 'vmssh-0' } },
  },
  {
    command: 'nc',
    args: ['-t', 'vsock,ip', '--ssh', '--host-prefix', 'hyper-v/', 'hyper-v/mint', '22'],
    want: {
      positionals: ['hyper-v/mint', '22'],
      options: { transport: 'vsock,ip', ssh: true, 'host-prefix': 'hyper-v/' },
    },
  },
  {
    command: 'service register',
    args: ['--name', 'a b', '--dry-run', '22'],
    want: { positionals: ['22'], options: { name: 'a b', 'dry-run': true } },
  },
  {
    command: 'service unregister',
    args: ['--dry-run', '22'],
    want: { positionals: ['22'], options: { 'dry-run': true } },
  },
  {
    command: 'nc',
    args: ['-b', '--pipe', '-p', '2222', '--wait', 'vsock/3'],
    want: { positionals: ['vsock/3'], options: { banner: true, pipe: true, port: '2222', wait: true } },
  },
  {
    command: 'check',
    args: ['--wait', 'vsock/3', '-p', '2222', '-l', 'ann', '--json'],
    want: { positionals: ['vsock/3'], options: { wait: true, port: '2222', user: 'ann', json: true } },
  },
  {
    command: 'check',
    args: ['--until', 'resolved', 'a'],
    want: { positionals: ['a'], options: { until: 'resolved' } },
  },
  { command: 'config print', args: [], want: { positionals: [], options: {} } },
  {
    command: 'config install',
    args: ['--host-keys=strict'],
    want: { positionals: [], options: { 'host-keys': 'strict' } },
  },
  {
    command: 'config diff',
    args: ['--host-keys=strict'],
    want: { positionals: [], options: { 'host-keys': 'strict' } },
  },
  {
    command: 'config print',
    args: ['--host-keys=strict'],
    want: { positionals: [], options: { 'host-keys': 'strict' } },
  },
  { command: 'config print', args: ['--out', 'f'], want: { positionals: [], options: { out: 'f' } } },
  {
    command: 'check',
    args: ['--over', 'root@web', '-p', '2222', '-l', 'ann', '--ssh-config', 'f', 'vsock/3'],
    want: {
      positionals: ['vsock/3'],
      options: { over: 'root@web', port: '2222', user: 'ann', 'ssh-config': 'f' },
    },
  },
  {
    command: 'check',
    args: ['--route', 'vsock,ip', '--over=root@web', 'mint'],
    want: { positionals: ['mint'], options: { route: 'vsock,ip', over: 'root@web' } },
  },
  { command: 'doctor', args: ['--report'], want: { positionals: [], options: { report: true } } },
  {
    command: 'guest install',
    args: [
      ...[
        '--target',
        'vsock/3',
        '-p',
        '2222',
        '--hosts-fix',
        '--hushlogin',
        '--key',
        'k',
        '--account',
        'ann',
      ],
      ...['--only-vsock', '--only-loopback', '--generator', '--undo'],
      ...['--route', 'ssh', '--ssh-config', 'f', 'root@web'],
    ],
    want: {
      positionals: ['root@web'],
      options: {
        ...{ target: 'vsock/3', port: '2222', 'hosts-fix': true, hushlogin: true, key: 'k', account: 'ann' },
        ...{ 'only-vsock': true, 'only-loopback': true, generator: true, undo: true },
        ...{ route: 'ssh', 'ssh-config': 'f' },
      },
    },
  },
  {
    command: 'guest off',
    args: ['--undo', '--route', 'ssh', '--ssh-config', 'f', 'root@web'],
    want: { positionals: ['root@web'], options: { undo: true, route: 'ssh', 'ssh-config': 'f' } },
  },
  {
    command: 'guest print',
    args: [
      ...['-p', '2222', '--hosts-fix', '--hushlogin', '--key', 'k', '--account', 'ann'],
      ...['--only-vsock', '--only-loopback', '--generator', '--undo'],
    ],
    want: {
      positionals: [],
      options: {
        ...{ port: '2222', 'hosts-fix': true, hushlogin: true, key: 'k', account: 'ann' },
        ...{ 'only-vsock': true, 'only-loopback': true, generator: true, undo: true },
      },
    },
  },
  {
    command: 'forward',
    args: ['--route', 'vsock,ip', 'web', '80'],
    want: { positionals: ['web', '80'], options: { route: 'vsock,ip' } },
  },
  {
    command: 'forward',
    args: ['--reverse', 'vsock/3', '5000', './agent.sock'],
    want: { positionals: ['vsock/3', '5000', './agent.sock'], options: { reverse: true } },
  },
  {
    command: 'forward',
    args: ['--max', '5', '--idle', '60', 'vsock/3', '80', 'systemd'],
    want: { positionals: ['vsock/3', '80', 'systemd'], options: { max: '5', idle: '60' } },
  },
  {
    command: 'list',
    args: ['-r', '--provider', 'libvirt', '-o', 'wide', '-q', '--ids', '--json', '-w'],
    want: {
      positionals: [],
      options: {
        ...{ running: true, provider: 'libvirt', output: 'wide', quiet: true, ids: true, json: true },
        ...{ watch: true },
      },
    },
  },
  {
    command: 'config install',
    args: [
      '--only-patterns',
      '--prefix',
      'vm-',
      '--system',
      '-n',
      '-o',
      'User=root',
      '--ssh-option',
      'A=-b c',
    ],
    want: {
      positionals: [],
      options: {
        ...{ 'only-patterns': true, prefix: 'vm-', system: true, 'dry-run': true },
        ...{ 'ssh-option': ['User=root', 'A=-b c'] },
      },
    },
  },
  {
    command: 'config install',
    args: ['--no-fdpass'],
    want: { positionals: [], options: { 'no-fdpass': true } },
  },
  { command: 'config install', args: ['--fresh'], want: { positionals: [], options: { fresh: true } } },
  {
    command: 'config install',
    args: ['--no-fresh'],
    want: { positionals: [], options: { 'no-fresh': true } },
  },
  { command: 'config diff', args: ['--fresh'], want: { positionals: [], options: { fresh: true } } },
  { command: 'config diff', args: ['--no-fresh'], want: { positionals: [], options: { 'no-fresh': true } } },
  { command: 'config install', args: ['--fdpass'], want: { positionals: [], options: { fdpass: true } } },
  {
    command: 'config uninstall',
    args: ['--system', '--dry-run'],
    want: { positionals: [], options: { system: true, 'dry-run': true } },
  },
  {
    command: 'config diff',
    args: ['--only-patterns', '--prefix=vm-', '--system', '--no-fdpass', '-o', 'A=b'],
    want: {
      positionals: [],
      options: {
        ...{ 'only-patterns': true, prefix: 'vm-', system: true, 'no-fdpass': true },
        ...{ 'ssh-option': ['A=b'] },
      },
    },
  },
  { command: 'config diff', args: ['--fdpass'], want: { positionals: [], options: { fdpass: true } } },
  {
    command: 'config print',
    args: ['--only-patterns', '--prefix', 'vm-', '--ssh-option=A=b', '--no-fdpass'],
    want: {
      positionals: [],
      options: { 'only-patterns': true, prefix: 'vm-', 'ssh-option': ['A=b'], 'no-fdpass': true },
    },
  },
  { command: 'config print', args: ['--fdpass'], want: { positionals: [], options: { fdpass: true } } },
  ...['config install', 'config diff', 'config print'].flatMap((command) => [
    {
      command,
      args: ['--route', 'vsock,ip'],
      want: { positionals: [], options: { route: 'vsock,ip' } },
    },
    { command, args: ['--no-route'], want: { positionals: [], options: { 'no-route': true as const } } },
  ]),
  ...['config install', 'config diff', 'config print'].flatMap((command) => [
    { command, args: ['--bring-sshd'], want: { positionals: [], options: { 'bring-sshd': true as const } } },
    {
      command,
      args: ['--no-bring-sshd'],
      want: { positionals: [], options: { 'no-bring-sshd': true as const } },
    },
  ]),
  {
    command: 'forward',
    args: ['--bring-sshd', 'a', '22'],
    want: { positionals: ['a', '22'], options: { 'bring-sshd': true } },
  },
  {
    command: 'proxy',
    args: ['--bring-sshd', '--login', 'dev', 'a', '22'],
    want: { positionals: ['a', '22'], options: { 'bring-sshd': true, login: 'dev' } },
  },
  {
    command: 'proxy',
    args: ['--ssh-user=dev', 'a', '22'],
    want: { positionals: ['a', '22'], options: { 'ssh-user': 'dev' } },
  },
  { command: 'config install', args: ['--start'], want: { positionals: [], options: { start: true } } },
  {
    command: 'config install',
    args: ['--no-start'],
    want: { positionals: [], options: { 'no-start': true } },
  },
  { command: 'config diff', args: ['--start'], want: { positionals: [], options: { start: true } } },
  { command: 'config diff', args: ['--no-start'], want: { positionals: [], options: { 'no-start': true } } },
  { command: 'config print', args: ['--start'], want: { positionals: [], options: { start: true } } },
  { command: 'config print', args: ['--no-start'], want: { positionals: [], options: { 'no-start': true } } },
  { command: 'forget', args: ['a', 'b'], want: { positionals: ['a', 'b'], options: {} } },
  { command: 'list', args: ['--watch=5'], want: { positionals: [], options: { watch: '5' } } },
  {
    command: 'guest print',
    args: ['--as', 'units', '--systemd', '255', '-p', '2222', '--distro', 'arch'],
    want: { positionals: [], options: { as: 'units', systemd: '255', port: '2222', distro: 'arch' } },
  },
  {
    command: 'guest print',
    args: ['--as=generator'],
    want: { positionals: [], options: { as: 'generator' } },
  },
  {
    command: 'guest print',
    args: [
      ...[
        '--as',
        'cloud-init',
        '--tree',
        'd',
        '-p',
        '2222',
        '--hosts-fix',
        '--hushlogin',
        '--key',
        'k',
        '--account',
        'ann',
      ],
      ...['--generator', '--distro', 'arch'],
    ],
    want: {
      positionals: [],
      options: {
        ...{
          as: 'cloud-init',
          tree: 'd',
          port: '2222',
          'hosts-fix': true,
          hushlogin: true,
          key: 'k',
          account: 'ann',
        },
        ...{ generator: true, distro: 'arch' },
      },
    },
  },
  {
    command: 'guest credentials',
    args: [
      ...['--for', 'qemu', '--key', 'k', '--listen', '22', '--listen=@s', '-o', 'f', '--show-private-key'],
      ...['--undo', '--json', 'web'],
    ],
    want: {
      positionals: ['web'],
      options: {
        ...{ for: 'qemu', key: 'k', listen: ['22', '@s'], output: 'f', 'show-private-key': true },
        ...{ undo: true, json: true },
      },
    },
  },
  {
    command: 'guest check',
    args: [
      ...['--script', '-p', '2222', '-l', 'ann', '--route', 'wsl', '--ssh-config', 'f'],
      ...['--target', 'vsock/3', '--credentials', 'web', 'root@web'],
    ],
    want: {
      positionals: ['root@web'],
      options: {
        credentials: 'web',
        script: true,
        port: '2222',
        user: 'ann',
        route: 'wsl',
        'ssh-config': 'f',
        target: 'vsock/3',
      },
    },
  },
];
