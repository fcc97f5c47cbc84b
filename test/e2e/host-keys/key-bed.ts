import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { findProgram } from '../../helpers/programs.js';
import { type Outcome, run, vmssh } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';
import { ownHome } from './own-home.js';

/** VMSSH_TEST_SSH=/path/to/ssh tries another version. */
export const ssh = process.env.VMSSH_TEST_SSH ?? 'ssh';
const { username } = userInfo();
const sshdNames = ['a', 'b'] as const;
type SshdName = (typeof sshdNames)[number];

/** What the source "lab" says of a machine: which sshd answers, and what it is. */
export interface Row {
  readonly at: SshdName;
  readonly id?: string;
  readonly name?: string;
  readonly hostKeys?: readonly string[];
}

export interface CertificateOptions {
  readonly ca?: string;
  readonly principals?: string;
  /** As ssh-keygen -V has it. */
  readonly validity?: string;
  readonly serial?: number;
}

/** A user whose home the password database says, a source "lab", and two sshds with a host key each that let the same user in. */
export interface KeyBed {
  readonly dir: string;
  readonly home: string;
  readonly sshFolder: string;
  /** In front of a command that is to run in that home. */
  readonly within: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly id: string;
  /** Of an sshd: "ssh-ed25519 AAAA…". */
  key(of: SshdName): string;
  /** Of its socket: "unix/…". */
  address(of: SshdName): string;
  lists(...rows: readonly Row[]): void;
  /** No key is known; `lines` are the user's, and `known` what is in ~/.ssh/known_hosts. */
  begin(lines?: string, known?: string): void;
  ssh(typed: string, ...options: readonly string[]): Promise<Outcome>;
  vmssh(...words: readonly string[]): Promise<Outcome>;
  /** All that ssh and vmssh keep of host keys. */
  kept(): string;
  /** As if that had been so many days ago. */
  age(days: number): void;
  /** Makes a CA in `dir`, and returns its public key. */
  authority(name: string): string;
  /** That sshd shows a certificate from now on; without options: none. Returns the certificate's path. */
  certify(at: SshdName, options?: CertificateOptions): string;
}

export function useKeyBed(name: string): KeyBed {
  const dir = useTempDir();
  const home = join(dir, 'home');
  const sshFolder = join(home, '.ssh');
  const within = ownHome(home);
  for (const each of sshdNames) mkdirSync(join(dir, each));
  const sshds = { a: useSshd(join(dir, 'a')), b: useSshd(join(dir, 'b')) };
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: '', XDG_RUNTIME_DIR: join(dir, 'run') };
  const rows = join(dir, 'rows.json');
  const configs = new Map<SshdName, string>();
  const bed = { id: '' };

  const call = (...words: readonly string[]) => run([...within, ...vmssh, ...words], { env, detached: true });
  const lists = (...all: readonly Row[]) => {
    const machines = all.map(({ at, id, name: called = name, hostKeys }) => {
      const { path } = sshds[at];
      // Of two machines at one address vmssh reaches neither.
      const to =
        all.length > 1
          ? { routes: [{ command: [findProgram('socat'), '-', `UNIX:${path}`] }] }
          : { address: `unix${path}` };
      return { name: called, status: 'running', ...to, ...(id && { id }), ...(hostKeys && { hostKeys }) };
    });
    writeFileSync(rows, JSON.stringify({ version: 1, machines }));
  };
  const keptFiles = () =>
    readdirSync(sshFolder)
      .filter((each) => each.startsWith('vmssh_'))
      .map((each) => join(sshFolder, each));

  beforeAll(async () => {
    mkdirSync(join(home, '.config/vmssh'), { recursive: true, mode: 0o700 });
    mkdirSync(env.XDG_RUNTIME_DIR, { mode: 0o700 });
    script(join(dir, 'lab'), `[ "$1" = list ] && exec cat ${rows}`);
    const sources = { lab: { command: [join(dir, 'lab')] } };
    writeFileSync(join(home, '.config/vmssh/sources.json'), JSON.stringify({ version: 1, sources }));
    writeFileSync(join(dir, 'b/authorized'), readFileSync(join(dir, 'a/id.pub')));
    for (const each of sshdNames) configs.set(each, readFileSync(join(dir, each, 'sshd_config'), 'utf8'));
    lists({ at: 'a', id: '1' });
    bed.id = JSON.parse((await call('list', '--json', '--provider=lab')).stdout).machines[0].uuid;
    expect(await call('config', 'install')).toMatchObject({ code: 0 });
  });

  return {
    ...{ dir, home, sshFolder, within, env, lists, vmssh: call },
    get id() {
      return bed.id;
    },
    address: (of) => `unix${sshds[of].path}`,
    key: (of) =>
      readFileSync(join(dir, of, 'host.pub'), 'utf8')
        .split(' ')
        .slice(0, 2)
        .join(' '),
    begin(lines = '', known = '') {
      for (const each of readdirSync(sshFolder))
        if (each !== 'vmssh.conf') rmSync(join(sshFolder, each), { recursive: true });
      const login = `IdentityFile ${join(dir, 'a/id')}\n    IdentitiesOnly yes\n    User ${username}\n`;
      const config = `Include ${sshFolder}/vmssh.conf\n${lines}\nHost *\n    ${login}`;
      writeFileSync(join(sshFolder, 'config'), config, { mode: 0o600 });
      if (known !== '') writeFileSync(join(sshFolder, 'known_hosts'), known, { mode: 0o600 });
      for (const each of sshdNames) this.certify(each);
    },
    ssh: (typed, ...options) => run([...within, ssh, ...options, typed, 'exit 7'], { env, detached: true }),
    kept: () =>
      keptFiles()
        .map((path) => readFileSync(path, 'utf8'))
        .join(''),
    age(days) {
      const earlier = (day: string) =>
        new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10);
      for (const path of keptFiles())
        writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/\b20\d\d-\d\d-\d\d\b/g, earlier));
    },
    authority(called) {
      const path = join(dir, called);
      rmSync(path, { force: true });
      spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', called, '-f', path]);
      return readFileSync(`${path}.pub`, 'utf8').trim();
    },
    certify(at, options) {
      const config = join(dir, at, 'sshd_config');
      const certificate = join(dir, at, 'host-cert.pub');
      if (options) {
        const { ca = 'ca', principals = name, validity = '-1d:+1d', serial = 1 } = options;
        const words = ['-q', '-s', join(dir, ca), '-I', 'x', '-h', '-n', principals, '-V', validity];
        const made = spawnSync('ssh-keygen', [...words, '-z', `${serial}`, join(dir, at, 'host.pub')]);
        if (made.status !== 0) throw new Error(made.stderr.toString());
      }
      writeFileSync(config, `${options ? `HostCertificate ${certificate}\n` : ''}${configs.get(at)}`);
      return certificate;
    },
  };
}

/** A login that is refused later has accepted the key. */
export function isIn({ code, stdout, stderr }: Outcome): boolean {
  const said = stdout + stderr;
  if (/Host key verification failed|host key of .* is refused|KnownHostsCommand failed/i.test(said))
    return false;
  if (code === 7 || code === 0 || /Permission denied/.test(said)) return true;
  throw new Error(`neither let in nor refused: ${said}`);
}
