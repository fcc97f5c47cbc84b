/** @import { LinuxTarget } from '../engine/toolchains.js' */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeFlags, programFlags, thisSystem, toolPrefix } from '../../native/build-flags.js';
import { root } from '../bundle/bundle.js';
import { debianSource } from '../engine/debian-package.js';
import { licencesText, licenceText } from '../engine/licence-text.js';
import { libraryLicences } from '../engine/licences.js';
import { crossMusl, hasMusl, muslIncludes, muslLibraries } from '../engine/musl.js';
import { opensshOrigins, opensshPatches, opensshVersion } from './sources.js';

/** In the order in which one starts the next. */
export const sshdPrograms = ['sshd', 'sshd-session', 'sshd-auth'];

/** Where they are once they are built. @param {LinuxTarget} target */
export function sshdFolder(target) {
  return join(root, 'dist/sshd', target);
}

/** What a server needs that logs in whoever started it, without the machine's own files. */
const configured = [
  '--without-openssl',
  '--without-zlib',
  '--without-pam',
  '--without-shadow',
  '--disable-pkcs11',
  '--disable-security-key',
  '--disable-lastlog',
  '--disable-utmp',
  '--disable-utmpx',
  '--disable-wtmp',
  '--disable-wtmpx',
  // The compiler's flags are ours.
  '--without-hardening',
  '--without-pie',
  '--with-sandbox=no',
  '--with-privsep-path=/',
  '--with-privsep-user=nobody',
  '--sysconfdir=/nonexistent',
  '--prefix=/nonexistent',
];

/**
 * Builds OpenSSH's server for a target: three static programs. Throws if something is missing.
 * @param {LinuxTarget} target
 */
export async function buildSshd(target) {
  const compiler = `${toolPrefix(target)}gcc`;
  const debianName = `g++-${toolPrefix(target)}`.replaceAll('_', '-').replace(/-$/, '');
  const one = `; or for this processor alone: npm run build:sshd -- --target ${thisSystem}`;
  if (spawnSync(compiler, ['--version']).error)
    throw new Error(
      `${compiler} is not installed, and ${target} needs it\nhint: apt-get install ${debianName}${target === thisSystem ? '' : one}`,
    );
  await crossMusl(target);
  if (!hasMusl(target)) throw new Error('musl-dev is not installed\nhint: apt-get install musl-dev');
  const work = mkdtempSync(join(tmpdir(), 'vmssh-sshd-'));
  try {
    const source = await unpack(work);
    const { cc, ld } = compilers(work, target);
    const env = { PATH: process.env.PATH, LC_ALL: 'C', SOURCE_DATE_EPOCH: '0', CC: cc, LD: ld };
    const host = target === 'linux-arm64' ? 'aarch64-linux-musl' : 'x86_64-linux-musl';
    const build = target === 'linux-arm64' ? ['--build=x86_64-linux-gnu'] : [];
    run('./configure', [`--host=${host}`, ...build, ...configured], source, env);
    // An image's "!" for a password keeps nobody out who can start programs there.
    writeFileSync(join(source, 'config.h'), '\n#undef LOCKED_PASSWD_PREFIX\n', { flag: 'a' });
    // From a path without blanks, which make does not quote.
    for (const name of ['machine.c', 'machine.h'])
      copyFileSync(join(root, 'native/sshd', name), join(source, name));
    run(cc, ['-c', 'machine.c', '-Wall', '-Wextra', '-Werror', '-o', 'machine.o'], source, env);
    const cFlags = readFileSync(join(source, 'Makefile'), 'utf8').match(/^CFLAGS=(.*)$/m)?.[1] ?? '';
    const settings = [`CFLAGS=${cFlags} -include ${join(source, 'machine.h')}`, `LIBS=machine.o`];
    run('make', ['-j2', ...settings, ...sshdPrograms], source, env);
    const folder = sshdFolder(target);
    const unfinished = `${folder}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    for (const name of sshdPrograms) {
      const file = join(unfinished, name);
      copyFileSync(join(source, name), file);
      run(`${toolPrefix(target)}strip`, [file], source, env);
      chmodSync(file, 0o755);
    }
    writeFileSync(join(unfinished, 'LICENSES'), licences(work, target));
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** The licences of all that is in the programs. @param {string} work @param {LinuxTarget} target */
function licences(work, target) {
  const own = { title: `OpenSSH ${opensshVersion}`, path: join(work, 'debian/copyright') };
  const parts = [own, ...sshdLibraries(target)];
  const head = `vmssh's own part of these programs is under the licence in the file LICENSE. They are made of:
${parts.map(({ title }) => `\n- ${title}`).join('')}`;
  return licencesText(
    head,
    parts.map(({ title, path }) => ({ title, text: licenceText(path) })),
  );
}

/** Of libraries: that of C, and the compiler's. @param {LinuxTarget} target */
export function sshdLibraries(target) {
  return libraryLicences(target).filter(({ title }) => !title.startsWith('libstdc++'));
}

/** Returns the folder with configure. @param {string} work */
async function unpack(work) {
  for (const origin of opensshOrigins) {
    const file = await debianSource(origin, work);
    run('tar', ['-xf', file, '--no-same-owner'], work);
  }
  const source = join(work, `openssh-${opensshVersion}`);
  for (const name of opensshPatches)
    run('patch', ['-s', '-p1', '--fuzz=0', '-i', join(work, 'debian/patches', `${name}.patch`)], source);
  return source;
}

/** Compilers for its Makefile, as it calls them. @param {string} work @param {LinuxTarget} target */
function compilers(work, target) {
  const { before, after } = muslLibraries(target);
  const gcc = `${toolPrefix(target)}gcc`;
  const compile = [
    ...codeFlags(undefined, target),
    '-Os',
    '-w',
    `-ffile-prefix-map=${work}=/build`,
    ...muslIncludes(target).c,
  ];
  const words = (/** @type {readonly string[]} */ list) =>
    list.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const cc = join(work, 'cc');
  const link = [...programFlags(undefined), ...before];
  const text = `#!/bin/sh
for word; do
  case $word in -c | -E | -S) exec ${words([gcc, ...compile])} "$@" ;; esac
done
exec ${words([gcc, ...compile, ...link])} "$@" ${words(after)}
`;
  writeFileSync(cc, text, { mode: 0o755 });
  return { cc, ld: cc };
}

/** @param {string} program @param {readonly string[]} args @param {string} cwd @param {NodeJS.ProcessEnv} [env] */
function run(program, args, cwd, env = process.env) {
  try {
    execFileSync(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
  } catch (error) {
    const { stderr } = /** @type {{ stderr?: Buffer }} */ (error);
    throw new Error(`${program} ${args.at(-1)}: ${stderr?.toString().trim().slice(-2000) ?? error}`);
  }
}
