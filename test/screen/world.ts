import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { listing } from '../e2e/sources/own-source.js';
import { findProgram } from '../helpers/programs.js';
import { dist, type Outcome, runtime, vmssh } from '../helpers/run.js';
import { script, writeTree } from '../helpers/temp-dir.js';
import { onTerminal } from '../helpers/terminal.js';
import { type inColors, type Line, settled, shown } from './shown.js';

/** What a container has. */
export interface Made {
  readonly isOff?: true;
  /** Without the programs in /usr/sbin. */
  readonly hasNoSshd?: true;
  /** Told apart from one of its name before. */
  readonly again?: true;
}

export interface Step {
  readonly typed: string;
  readonly lines: readonly Line[];
}

/**
 * A host of its own, in a mount namespace: a home, /run and /proc with nothing else in them, and a stand-in for `podman`, whose containers are
 * folders with the programs of this system. ssh, sshd, their files and the terminal are real.
 */
export class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'vmssh-t-'));
  readonly home = join(this.dir, 'home');
  readonly #columns: number;
  readonly #textOf: typeof inColors | undefined;
  readonly #containers = new Map<string, { readonly id: string; readonly made: Made }>();
  /** What was typed and shown until now. */
  readonly steps: Step[] = [];
  readonly #seen: string[] = [];

  constructor(columns: number, textOf?: typeof inColors) {
    this.#columns = columns;
    this.#textOf = textOf;
    onTestFinished(() => rmSync(this.dir, { recursive: true, force: true }));
    mkdirSync(join(this.dir, 'bin'));
    symlinkSync(program(), join(this.dir, 'bin/vmssh'));
    script(join(this.dir, 'bin/podman'), podman(this.dir));
    mkdirSync(join(this.dir, 'run/containers/storage'), { recursive: true });
    mkdirSync(join(this.dir, 'empty'));
    writeTree(this.dir, {
      'etc/passwd': `root:x:0:0::${this.home}:/bin/bash\n${users}`,
      'etc/nsswitch.conf': nsswitch,
      'etc/ssh/ssh_config': 'Host *\n    HashKnownHosts yes\n',
    });
    mkdirSync(join(this.home, '.ssh'), { recursive: true, mode: 0o700 });
    this.key();
    this.#list();
  }

  /** The key of the person at the terminal. */
  key(): void {
    keygen(join(this.home, '.ssh/id_ed25519'), 'ann@lab');
  }

  keyless(): void {
    for (const name of ['id_ed25519', 'id_ed25519.pub']) rmSync(join(this.home, '.ssh', name));
  }

  /** The folder in place of a container's root. */
  root(name: string): string {
    return join(this.dir, this.#idOf(name), 'root');
  }

  makes(name: string, made: Made = {}): void {
    const id = createHash('sha256')
      .update(`${name} ${made.again ?? ''}`)
      .digest('hex');
    this.#containers.set(name, { id, made });
    const root = this.root(name);
    for (const folder of ['dev', 'proc', 'usr', 'tmp', 'var/lib', 'run/sshd', 'etc/ssh'])
      mkdirSync(join(root, folder), { recursive: true });
    for (const folder of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${folder}`, join(root, folder));
    mkdirSync(join(root, 'root'), { mode: 0o700 });
    writeTree(root, {
      'etc/hostname': `${name}\n`,
      'etc/passwd': `root:x:0:0::/root:/bin/bash\n${users}`,
      'etc/group': 'root:x:0:\n',
      'etc/shadow': 'root:*:20000::::::\n',
      'etc/nsswitch.conf': nsswitch,
      'etc/ssh/sshd_config':
        'Subsystem sftp internal-sftp\nKbdInteractiveAuthentication no\nPrintMotd no\nPrintLastLog no\n',
      'root/.bashrc': "PS1='\\u@\\h:\\w# '\n",
      'root/.profile': '. ~/.bashrc\n',
    });
    keygen(join(root, 'etc/ssh/ssh_host_ed25519_key'), `root@${name}`);
    this.#list();
  }

  /** Lets the person's key in, without vmssh. */
  letsIn(name: string): void {
    mkdirSync(join(this.root(name), 'root/.ssh'), { mode: 0o700 });
    cpSync(join(this.home, '.ssh/id_ed25519.pub'), join(this.root(name), 'root/.ssh/authorized_keys'));
  }

  /** A virtual machine, whose host key nobody confirms, from a source of the person's own; it is `name`'s sshd. */
  lists(vm: string, name: string): void {
    const command = [join(this.dir, 'bin/podman'), 'exec', '--', this.#idOf(name), '/usr/sbin/sshd', '-i'];
    const machines = [{ name: vm, status: 'running', id: vm, routes: [{ command }] }];
    script(join(this.dir, 'bin/lab-vmssh'), listing(...machines));
    const sources = { lab: { command: [join(this.dir, 'bin/lab-vmssh')] } };
    writeTree(this.home, { '.config/vmssh/sources.json': JSON.stringify({ version: 1, sources }) });
  }

  /** Programs that another one needs, as scripts. */
  has(programs: Readonly<Record<string, string>>): void {
    for (const [name, does] of Object.entries(programs)) script(join(this.dir, 'bin', name), does);
  }

  /** Other host keys, as after `ssh-keygen -A` in an image that is used again. */
  rekeys(name: string): void {
    const key = join(this.root(name), 'etc/ssh/ssh_host_ed25519_key');
    for (const each of [key, `${key}.pub`]) rmSync(each);
    keygen(key, `root@${name}`);
  }

  turnsOff(name: string, isOff = true): void {
    const container = this.#containers.get(name);
    if (!container) throw new Error(`no ${name}`);
    const { isOff: _, ...made } = container.made;
    this.#containers.set(name, { ...container, made: isOff ? { ...made, isOff } : made });
    this.#list();
  }

  /** Types a command and the answers to what it asks, the last one Ctrl-C, and takes down the screen. Returns the exit code. */
  async types(line: string, note = '', answers: readonly string[] = []): Promise<number | null> {
    const { code, stdout } = await this.does(line, answers);
    const lines = await shown(settled(stdout, this.#seen), this.#columns, this.#textOf);
    this.steps.push({ typed: `$ ${line}${note && `    # ${note}`}`, lines });
    return code;
  }

  /** The same for what nobody looks at. */
  async does(line: string, answers: readonly string[] = []): Promise<Outcome> {
    const left = [...answers];
    const own = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--uts'];
    const command = [...own, 'sh', '-c', this.#enter(), 'sh', line];
    return onTerminal(command, asks, (type) => type(left.shift() ?? '\x03'), this.#env());
  }

  #env(): NodeJS.ProcessEnv {
    const { LANG, TZ, USER, LOGNAME, SHELL, PATH } = process.env;
    const path = `${join(this.dir, 'bin')}:${PATH}`;
    return { LANG, TZ, USER, LOGNAME, SHELL, PATH: path, HOME: this.home, TERM: 'xterm-256color' };
  }

  #enter(): string {
    const bind = (from: string, to: string) => `mount --bind '${from}' '${to}'`;
    const own = ['/run', '/etc/passwd', '/etc/nsswitch.conf', '/etc/ssh'];
    const managers = ['incus', 'lxd', 'libvirt'].map((each) => `/var/lib/${each}`).join(' ');
    const roots = [...this.#containers].flatMap(([name, { made }]) => {
      const root = this.root(name);
      const usr = made.hasNoSshd ? ['bin', 'lib', 'lib64'].map((each) => `/usr/${each}`) : ['/usr'];
      return [
        bind(root, root),
        ...usr.map((each) => `mkdir -p '${root}${each}' && mount --rbind -o ro ${each} '${root}${each}'`),
        `mount -t proc proc '${root}/proc'`,
        `mount --rbind /dev '${root}/dev'`,
      ];
    });
    return [
      'set -e',
      ...roots,
      ...own.map((each) => bind(join(this.dir, each), each)),
      `for each in ${managers}; do [ ! -d $each ] || ${bind(join(this.dir, 'empty'), '$each').replaceAll("'", '"')}; done`,
      'hostname lab',
      `stty cols ${this.#columns} rows 100`,
      'cd',
      'exec sh -c "$1"',
    ].join('\n');
  }

  #idOf(name: string): string {
    return this.#containers.get(name)?.id ?? '';
  }

  #list(): void {
    const all = [...this.#containers].map(([name, { id, made }]) => ({
      ...{ Id: id, Names: [name], IsInfra: false, Labels: null, Mounts: [], Restarts: 0 },
      State: made.isOff ? 'exited' : 'running',
    }));
    writeFileSync(join(this.dir, 'ps.json'), JSON.stringify(all));
    for (const { Id, Names, State } of all) {
      const isRunning = State === 'running';
      const state = { Status: State, Running: isRunning, Paused: false, Pid: 0 };
      const inspected = [{ Id, Name: Names[0], State: state, Mounts: [], NetworkSettings: { Networks: {} } }];
      writeFileSync(join(this.dir, Id, 'inspect.json'), JSON.stringify(inspected));
    }
  }
}

/** What ends where somebody has to type. */
const asks = /(\[[yn]\/[yn]\]|\)\?|password:|# |stops it)\s*$/i;

const nsswitch = 'passwd: files\ngroup: files\nhosts: files\n';
const users = 'sshd:x:101:65534::/run/sshd:/bin/false\nnobody:x:65534:65534::/:/bin/false\n';

/** The executable, which ssh's own lines call too. */
function program(): string {
  const built = dist(`linux-${process.arch}/vmssh`);
  return runtime === 'node' && existsSync(built) ? built : (vmssh.at(-1) ?? '');
}

function keygen(path: string, comment: string): void {
  const program = findProgram('ssh-keygen') ?? 'ssh-keygen';
  execFileSync(program, ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path]);
}

/** What vmssh asks of it, as Podman 5 answers. */
function podman(dir: string): string {
  return `cd '${dir}'
[ "$1" != --syslog=false ] || shift
case $1 in
ps) exec cat ps.json ;;
container) exec cat "$3/inspect.json" ;;
cp) path=\${3#*:}; exec tar -c -C "\${3%%:*}/root/\${path%/*}" "\${path##*/}" ;;
exec) while [ "$1" != -- ]; do shift; done ;;
*) exit 125 ;;
esac
id=$2
shift 2
grep -q '"Running":true' $id/inspect.json || {
  echo 'Error: can only create exec sessions on running containers: container state improper' >&2
  exit 255
}
exec unshare --uts sh -c 'hostname "$(cat "$0/etc/hostname")"; HOME=/root; export HOME; exec chroot "$0" "$@"' "$id/root" "$@"`;
}
