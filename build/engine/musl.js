/** @import { DownloadOptions } from './debian-package.js' */
/** @import { LinuxTarget } from './toolchains.js' */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { thisSystem, toolPrefix } from '../../native/build-flags.js';
import { root } from '../bundle/bundle.js';
import { debianPackage, folderOf } from './debian-package.js';

const own = join(root, 'native/engine/musl');
const machines = { 'linux-x64': 'x86_64-linux', 'linux-arm64': 'aarch64-linux' };

/** musl-dev of another processor, which cannot be installed beside this one's. */
export const muslOfArm64 = {
  name: 'musl-dev',
  version: '1.2.3-1',
  sha256: '55c2ca4bc3041c8ed8ac7dc3ef6080d9551a21650568b2fd7610b59eaf98a4f4',
  sha1: '1099cd062dcc35e0bf334ae32f40f390a14d116e',
  suite: 'bookworm',
  architecture: 'arm64',
};

/** Brings the musl that `target` is cross-compiled with. Throws as `debianPackage` does. @param {string} target @param {DownloadOptions} [options] */
export async function crossMusl(target, options) {
  if (target !== thisSystem && target === 'linux-arm64') await debianPackage(muslOfArm64, options);
}

/** Whether Debian's package musl-dev is here. @param {LinuxTarget} target */
export function hasMusl(target) {
  return existsSync(join(headers(target), 'features.h')) && existsSync(library(target, 'rcrt1.o'));
}

/** Debian's package of it, and its licence; of one that is not installed, what dpkg cannot say. @param {LinuxTarget} target */
export function muslPackage(target) {
  const path = join(home(target), 'share/doc/musl-dev/copyright');
  const { name, version, architecture } = muslOfArm64;
  return target === thisSystem
    ? { title: name, path }
    : { title: name, path, unpacked: { version, architecture } };
}

/** Folders of headers, as flags for gcc and g++: musl's, and the compiler's own. @param {LinuxTarget} target */
export function muslIncludes(target) {
  const ofCompiler = fileOf(target, 'include');
  const include = [headers(target), ofCompiler, linkKernelHeaders(target)].flatMap((folder) => [
    '-isystem',
    folder,
  ]);
  const cpp = [own, ...libstdcxxFolders(target)].flatMap((folder) => ['-isystem', folder]);
  return { c: ['-nostdinc', ...include], cpp: ['-nostdinc', '-nostdinc++', ...cpp, ...include] };
}

/**
 * What stands around the objects of a static program that is linked to musl, as arguments for g++. libstdc++ is the
 * compiler's, built for glibc: native/engine/musl has what it wants of that.
 * @param {LinuxTarget} target
 */
export function muslLibraries(target) {
  const archives = ['libstdc++.a', 'libgcc_eh.a', 'libgcc.a'].map((name) => fileOf(target, name));
  const file = (/** @type {string} */ name) => library(target, name);
  return {
    before: ['-nostdlib', file('rcrt1.o'), file('crti.o'), fileOf(target, 'crtbeginS.o')],
    after: [
      ...['-Wl,--start-group', ...archives, file('libc.a'), '-Wl,--end-group'],
      ...[fileOf(target, 'crtendS.o'), file('crtn.o')],
    ],
  };
}

/** Where it is installed, or unpacked. @param {LinuxTarget} target */
function home(target) {
  return target === thisSystem ? '/usr' : join(folderOf(muslOfArm64), 'usr');
}

/** @param {LinuxTarget} target */
function headers(target) {
  return join(home(target), 'include', `${machines[target]}-musl`);
}

/** @param {LinuxTarget} target @param {string} name */
function library(target, name) {
  return join(home(target), 'lib', `${machines[target]}-musl`, name);
}

/** A file of the compiler's. @param {LinuxTarget} target @param {string} name */
function fileOf(target, name) {
  const compiler = `${toolPrefix(target)}g++`;
  const { stdout } = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' });
  const path = stdout?.trim() ?? '';
  if (!isAbsolute(path)) throw new Error(`${compiler} has no ${name}`);
  return path;
}

/** @param {LinuxTarget} target */
function libstdcxxFolders(target) {
  const compiler = `${toolPrefix(target)}g++`;
  const { stderr } = spawnSync(compiler, ['-E', '-v', '-x', 'c++', '/dev/null'], { encoding: 'utf8' });
  return [...stderr.matchAll(/^ (\/.*\/c\+\+\/.*)$/gm)].map(([, folder = '']) => folder);
}

/** Those of Linux, without glibc's beside them. @param {LinuxTarget} target */
function linkKernelHeaders(target) {
  const isOwn = target === thisSystem;
  const kernelHeaders = join(
    root,
    'native/build/engine',
    isOwn ? 'kernel-headers' : `kernel-headers-${target}`,
  );
  mkdirSync(kernelHeaders, { recursive: true });
  const gnu = `${machines[target]}-gnu`;
  const from = isOwn ? '/usr/include' : `/usr/${gnu}/include`;
  const folders = { linux: 'linux', 'asm-generic': 'asm-generic', asm: isOwn ? `${gnu}/asm` : 'asm' };
  for (const [name, folder] of Object.entries(folders)) {
    const link = join(kernelHeaders, name);
    if (!existsSync(link)) symlinkSync(join(from, folder), link);
  }
  return kernelHeaders;
}
