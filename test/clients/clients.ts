import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellLine } from '../../src/typed/shell.js';
import { findProgram, missingFiles, missingPrograms } from '../helpers/programs.js';
import type { ByPort, ByProxy, Login } from './bed.js';

/** A client of SSH that prints "this is NAME", or git "this-is-NAME", once it is in the machine NAME, if that has the key it knows. */
export interface Client {
  readonly name: string;
  /** The programs or files that it needs, and the Debian packages that have them. */
  readonly needs: Readonly<Record<string, string>>;
  /** Whether it works with the Hosts as they are: it takes a socket, or gives the proxy pipes, and gets a relay. Absent: it needs --no-fdpass. */
  readonly fdpass?: true;
  /** It knows a host key by the address without the port, so it cannot read the lines that vmssh writes. */
  readonly ownKnownHosts?: true;
  /** It has ssh connect, by the Hosts in the file that is given. */
  readonly callsSsh?: true;
  readonly byProxy?: (login: ByProxy) => Command;
  readonly byPort?: (login: ByPort) => Command;
}

export interface Command {
  readonly words: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const python = '/usr/bin/python3';
const paths = '/usr/lib/python3/dist-packages';
const gems = '/usr/share/rubygems-integration/all/gems';
const asks = 'echo this is $MACHINE';

export const clients: readonly Client[] = [
  {
    ...openssh('ssh', ({ config, host }) => ['ssh', '-F', config, host, asks]),
    byPort: ({ port, user, key, knownHosts }) => ({
      words: [
        ...['ssh', '-F', 'none', '-p', String(port), '-i', key, '-o', 'IdentitiesOnly=yes'],
        ...['-o', 'BatchMode=yes', '-o', `UserKnownHostsFile=${knownHosts}`, `${user}@127.0.0.1`, asks],
      ],
    }),
  },
  openssh('scp', (login) => toFile(login, 'scp -q -F "$1" "$2:$3/where" "$4"')),
  openssh('sftp', (login) => toFile(login, 'echo get where "$4" | sftp -q -b - -F "$1" "$2" >&2')),
  {
    ...openssh('rsync', (login) => toFile(login, 'rsync -e "ssh -F $1" "$2:$3/where" "$4"')),
    needs: { rsync: 'rsync' },
  },
  {
    name: 'git',
    needs: { git: 'git' },
    callsSsh: true,
    fdpass: true,
    byProxy({ host, config, machine }) {
      const repository = join(machine.dir, 'repository');
      const make =
        'git init -q "$2" && cd "$2" && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && git branch -M "this-is-$3"';
      const ask = 'git -c core.sshCommand="ssh -F $1" ls-remote "$3:$2"';
      return { words: ['sh', '-c', `(${make}) >&2 && ${ask}`, 'sh', config, repository, host] };
    },
  },
  {
    name: 'ansible, with OpenSSH',
    needs: { ansible: 'ansible-core' },
    callsSsh: true,
    fdpass: true,
    byProxy: ({ host, config, dir }) => ansible(host, dir, { ansible_ssh_common_args: `-F ${config}` }),
    byPort: (login) =>
      ansible('127.0.0.1', withHome(login, login.port), {
        ...account(login),
        ansible_port: login.port,
        ansible_ssh_common_args: `-F none -o UserKnownHostsFile=${login.knownHosts} -o IdentitiesOnly=yes`,
      }),
  },
  {
    name: 'ansible, with paramiko',
    needs: { ansible: 'ansible-core', [`${paths}/paramiko`]: 'python3-paramiko' },
    fdpass: true,
    byProxy: (login) =>
      ansible(login.host, withHome(login), {
        ...{ ...account(login), ansible_connection: 'paramiko_ssh' },
        ansible_ssh_common_args: `-o ProxyCommand="${login.proxy.join(' ')}"`,
      }),
    byPort: (login) =>
      ansible('127.0.0.1', withHome(login, login.port), {
        ...{ ...account(login), ansible_connection: 'paramiko_ssh', ansible_port: login.port },
      }),
  },
  library('paramiko', python, 'paramiko_login.py', { [`${paths}/paramiko`]: 'python3-paramiko' }, true),
  library('asyncssh', python, 'asyncssh_login.py', { [`${paths}/asyncssh`]: 'python3-asyncssh' }, true),
  library('libssh', python, 'libssh_login.py', { '/usr/lib/x86_64-linux-gnu/libssh.so.4': 'libssh-4' }),
  library('net-ssh', 'ruby', 'net_ssh_login.rb', { [gems]: 'ruby-net-ssh' }, true),
  {
    name: 'ssh2',
    needs: {},
    fdpass: true,
    byProxy: ({ user, key, knownHosts, proxy }) => ({
      words: [process.execPath, program('ssh2_login.js'), 'proxy', user, key, knownHosts, '--', ...proxy],
    }),
    byPort: ({ port, user, key, knownHosts }) => ({
      words: [process.execPath, program('ssh2_login.js'), 'port', String(port), user, key, knownHosts],
    }),
  },
  {
    name: 'dropbear',
    needs: { dbclient: 'dropbear-bin' },
    fdpass: true,
    ownKnownHosts: true,
    byProxy: (login) => ({
      words: [
        ...['dbclient', '-J', shellLine(login.proxy), ...dropbear(login)],
        ...[`${login.user}@${login.host}`, asks],
      ],
      env: { HOME: withHome(login) },
    }),
    byPort: (login) => ({
      words: ['dbclient', '-p', String(login.port), ...dropbear(login), `${login.user}@127.0.0.1`, asks],
      env: { HOME: withHome(login, login.port) },
    }),
  },
  {
    name: 'plink',
    needs: { plink: 'putty-tools' },
    fdpass: true,
    byProxy: (login) => ({
      words: ['plink', '-proxycmd', shellLine(login.proxy), ...plink(login), login.host, asks],
    }),
    byPort: (login) => ({ words: ['plink', '-P', String(login.port), ...plink(login), '127.0.0.1', asks] }),
  },
  {
    name: 'lftp',
    needs: { lftp: 'lftp' },
    callsSsh: true,
    fdpass: true,
    byProxy: ({ config, host, user }) => lftp(`ssh -a -x -F ${config}`, `-u ${user}, sftp://${host}`),
    byPort: ({ port, user, key, knownHosts }) =>
      lftp(
        `ssh -a -x -F none -i ${key} -o BatchMode=yes -o UserKnownHostsFile=${knownHosts}`,
        `-p ${port} -u ${user}, sftp://127.0.0.1`,
      ),
  },
  {
    name: 'rclone',
    needs: { rclone: 'rclone' },
    byPort: ({ port, user, key, knownHosts }) => ({
      words: [
        ...['rclone', '--config', '/dev/null', '--retries', '1', '--low-level-retries', '1', 'cat'],
        `:sftp,host=127.0.0.1,port=${port},user=${user},key_file=${key},known_hosts_file=${knownHosts}:where`,
      ],
    }),
  },
  {
    name: 'curl, with libssh2',
    needs: { curl: 'curl' },
    byPort: ({ port, user, key, hostKey }) => ({
      words: [
        ...['curl', '-sS', '--hostpubsha256', fingerprint(hostKey), '--key', key],
        ...['--pubkey', `${key}.pub`, '-u', `${user}:`],
        `sftp://127.0.0.1:${port}/~/where`,
      ],
    }),
  },
  {
    name: 'docker',
    needs: { docker: 'docker-cli' },
    callsSsh: true,
    fdpass: true,
    byProxy({ host, config, dir, machine }) {
      const there = join(machine.dir, 'bin/docker');
      writeFileSync(there, `#!/bin/sh\nexec ${python} ${program('docker.py')} "$@"\n`, { mode: 0o755 });
      const bin = join(dir, `bin-${config.endsWith('fdpass')}`);
      mkdirSync(bin, { recursive: true });
      const ssh = `#!/bin/sh\nexec ${findProgram('ssh')} -F ${config} "$@"\n`;
      writeFileSync(join(bin, 'ssh'), ssh, { mode: 0o755 });
      return {
        words: ['docker', '-H', `ssh://${host}`, 'version', '--format', '{{.Server.Version}}'],
        env: { PATH: `${bin}:${process.env.PATH}`, HOME: dir },
      };
    },
  },
];

/** Which program or file of it is not there, and the package that has it. */
export function missing({ needs }: Client): string | undefined {
  const isFile = (name: string) => name.startsWith('/');
  const part = (files: boolean) =>
    Object.fromEntries(Object.entries(needs).filter(([name]) => isFile(name) === files));
  return missingPrograms(part(false)) ?? missingFiles(part(true));
}

function openssh(name: string, words: (login: ByProxy) => readonly string[]): Client {
  return {
    name,
    needs: { [name]: 'openssh-client' },
    fdpass: true,
    callsSsh: true,
    byProxy: (login) => ({ words: words(login) }),
  };
}

/** A shell's line that writes to "$4" what the machine has in its folder "$3", by its Host "$2" in the file "$1". */
function toFile({ config, host, machine, dir }: ByProxy, line: string): readonly string[] {
  return ['sh', '-c', `${line} && cat "$4"`, 'sh', config, host, machine.dir, join(dir, 'got')];
}

/** One with a program of ours that uses it. */
function library(
  name: string,
  interpreter: string,
  file: string,
  needs: Client['needs'],
  fdpass?: true,
): Client {
  const words = (...args: readonly string[]) => ({ words: [interpreter, program(file), ...args] });
  return {
    name,
    needs,
    ...(fdpass ? { fdpass } : {}),
    byProxy: ({ config, host, knownHosts }) => words('proxy', config, host, knownHosts),
    byPort: ({ port, user, key, knownHosts }) => words('port', String(port), user, key, knownHosts),
  };
}

function program(file: string): string {
  return fileURLToPath(new URL(`programs/${file}`, import.meta.url));
}

function ansible(host: string, home: string, vars: Readonly<Record<string, unknown>>): Command {
  return {
    words: ['ansible', 'all', '-i', `${host},`, '-m', 'raw', '-a', asks, '-e', JSON.stringify(vars)],
    env: { HOME: home, ANSIBLE_HOME: join(home, '.ansible'), ANSIBLE_SSH_CONTROL_PATH_DIR: join(home, 'cp') },
  };
}

function account({ user, key }: Login) {
  return { ansible_user: user, ansible_ssh_private_key_file: key };
}

/** A home in which ~/.ssh/known_hosts has the machine's key, for those that read no other file. */
function withHome({ dir, machine, knownHosts }: Login, port?: number): string {
  const home = join(dir, `home-${machine.name}-${port ?? 'proxy'}`);
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  const known = join(home, '.ssh/known_hosts');
  if (!existsSync(known)) symlinkSync(knownHosts, known);
  return home;
}

function dropbear({ key }: Login): readonly string[] {
  return ['-i', `${key}.dropbear`, '-T'];
}

function plink({ key, user, hostKey }: Login): readonly string[] {
  const print = `SHA256:${fingerprint(hostKey).replace(/=+$/, '')}`;
  return ['-batch', '-i', `${key}.ppk`, '-hostkey', print, '-l', user];
}

function lftp(connect: string, open: string): Command {
  const set = `set net:max-retries 1; set sftp:connect-program "${connect}"`;
  return { words: ['lftp', '--norc', '-c', `${set}; open ${open}; cat where`] };
}

function fingerprint(hostKey: string): string {
  return createHash('sha256')
    .update(Buffer.from(hostKey.split(' ')[1] ?? '', 'base64'))
    .digest('base64');
}
