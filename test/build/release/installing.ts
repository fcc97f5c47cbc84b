import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { installerText } from '../../../build/release/installer.js';
import { type Outcome, outcome, run } from '../../helpers/run.js';
import { writeTree } from '../../helpers/temp-dir.js';
import { startSite } from './site.js';

/** What install.sh needs here, and the Debian package that has it. */
export const programs = {
  ...{ busybox: 'busybox', curl: 'curl', dash: 'dash' },
  ...{ gpg: 'gpg', 'gpg-agent': 'gpg-agent', gpgconf: 'gpgconf', gpgv: 'gpgv', wget: 'wget' },
};

/** What the released 1.2.3 has; 1.2.4 has no vsock-nc, and "share/man/man1/new.1" more. */
export const files = ['bin/vmssh', 'bin/vsock-nc', 'share/man/man1/vmssh.1', 'share/vmssh/ssh_config'];

/** A run of the installer: what it finds on its system. */
export interface Setting {
  readonly shell?: readonly string[];
  readonly version?: string;
  readonly change?: (text: string) => string;
  /** Programs that this system does not have. */
  readonly without?: readonly string[];
  /** Programs in place of its own, as texts. */
  readonly instead?: Readonly<Record<string, string>>;
  /** What `uname -m` prints. */
  readonly machine?: string;
  readonly home?: string;
}

export interface Releases {
  readonly site: string;
  readonly key: string;
  readonly server: Server;
  /** The script of a version. */
  text(version: string): string;
  /** Starts the script for its home, as `curl | sh` does, in a process group of its own. */
  start(args: readonly string[], setting?: Setting): ChildProcess;
  /** Runs it to its end. */
  install(args: readonly string[], setting?: Setting): Promise<Outcome>;
  /** A new home, with a space in its name. */
  newHome(): string;
}

/** Makes two signed releases below `dir`, whose programs only print their version and processor, and serves them on loopback. */
export async function makeReleases(dir: string): Promise<Releases> {
  const root = join(dir, 'site');
  const env = { ...process.env, GNUPGHOME: join(dir, 'gpg') };
  mkdirSync(env.GNUPGHOME, { mode: 0o700 });
  const gpg = (...args: string[]) => run(['gpg', '--batch', '--passphrase', '', ...args], { env });
  await gpg('--quick-generate-key', 'Releases <r@example.org>', 'ed25519', 'sign', 'never');
  const { stdout } = await gpg('--with-colons', '--fingerprint');
  const key = /^fpr:+([0-9A-F]{40}):/m.exec(stdout)?.[1] ?? '';
  const newer = [...files.filter((file) => !file.endsWith('vsock-nc')), 'share/man/man1/new.1'];
  for (const [version, paths] of [
    ['1.2.3', files],
    ['1.2.4', newer],
  ] as const) {
    const place = join(root, `v${version}`);
    await publish(place, version, paths);
    await gpg('--armor', '--detach-sign', join(place, 'SHA256SUMS'));
  }
  writeFileSync(join(root, 'vmssh.asc'), (await gpg('--armor', '--export', key)).stdout);
  await run(['gpgconf', '--kill', 'all'], { env });
  const { server, url: site } = await startSite(root);

  const text = (version: string) => installerText(join(root, `v${version}`), { version, site, key });
  const newHome = () => mkdtempSync(join(dir, 'a home-'));
  const start: Releases['start'] = (args, setting = {}) => {
    const { shell = ['dash'], version = '1.2.3', change = String, home = newHome() } = setting;
    const [program = '', ...first] = shell;
    const child = spawn(program, [...first, '-s', '--', `--prefix=${home}/.local`, ...args], {
      env: { HOME: home, PATH: pathOf(mkdtempSync(join(dir, 'path-')), setting), TMPDIR: home },
      stdio: 'pipe',
      detached: true,
    });
    child.stdin?.end(change(text(version)));
    return child;
  };
  const install: Releases['install'] = (args, setting) => outcome(start(args, setting));
  return { site, key, server, text, start, install, newHome };
}

async function publish(place: string, version: string, paths: readonly string[]): Promise<void> {
  for (const processor of ['x64', 'arm64']) {
    const name = `vmssh-${version}-linux-${processor}`;
    for (const path of paths) {
      writeTree(join(place, name), { [path]: `#!/bin/sh\necho ${version} ${processor}\n` });
    }
    await run(['tar', '-czf', `${name}.tar.gz`, name], { cwd: place });
  }
  const sums = await run(['sh', '-c', 'sha256sum *.tar.gz'], { cwd: place });
  writeFileSync(join(place, 'SHA256SUMS'), sums.stdout);
}

/** Fills a folder with this system's programs, as a setting has them. */
function pathOf(folder: string, { without = [], instead = {}, machine = 'x86_64' }: Setting): string {
  const uname = `#!/bin/sh\n[ "$1" = -s ] && echo Linux || echo ${machine}\n`;
  for (const [name, content] of Object.entries({ uname, ...instead }))
    writeFileSync(join(folder, name), content, { mode: 0o755 });
  for (const from of ['/usr/bin', '/bin'])
    for (const name of readdirSync(from)) if (!without.includes(name)) link(join(from, name), name);
  return folder;

  function link(to: string, name: string): void {
    try {
      symlinkSync(to, join(folder, name));
    } catch {
      // It is there.
    }
  }
}

/** What is in a home's ~/.local: files, without the folders that hold them. */
export function installed(home: string): readonly string[] {
  const prefix = join(home, '.local');
  if (!existsSync(prefix)) return [];
  return readdirSync(prefix, { recursive: true, withFileTypes: true })
    .filter((each) => !each.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(prefix.length + 1))
    .sort();
}

/** What its program prints, such as "1.2.3 x64". */
export function saidBy(home: string): string {
  return readFileSync(join(home, '.local/bin/vmssh'), 'utf8')
    .trimEnd()
    .replace(/.*echo /s, '');
}
