import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { root } from '../bundle/bundle.js';

const machine = 'x86_64-linux';
const headers = `/usr/include/${machine}-musl`;
const libraries = `/usr/lib/${machine}-musl`;
const own = join(root, 'native/engine/musl');
const kernelHeaders = join(root, 'native/build/engine/kernel-headers');

/** Whether Debian's package musl-dev is installed. */
export function hasMusl() {
  return existsSync(join(headers, 'features.h')) && existsSync(muslLibrary('rcrt1.o'));
}

/** @param {string} name */
export function muslLibrary(name) {
  return join(libraries, name);
}

/** Folders of headers, as flags for gcc and g++: musl's, and the compiler's own. */
export function muslIncludes() {
  const ofCompiler = fileOf('include');
  const include = [headers, ofCompiler, linkKernelHeaders()].flatMap((folder) => ['-isystem', folder]);
  const cpp = [own, ...libstdcxxFolders()].flatMap((folder) => ['-isystem', folder]);
  return { c: ['-nostdinc', ...include], cpp: ['-nostdinc', '-nostdinc++', ...cpp, ...include] };
}

/**
 * What stands around the objects of a static program that is linked to musl, as arguments for g++. libstdc++ is the
 * compiler's, built for glibc: native/engine/musl has what it wants of that.
 */
export function muslLibraries() {
  const archives = ['libstdc++.a', 'libgcc_eh.a', 'libgcc.a'].map(fileOf);
  return {
    before: ['-nostdlib', muslLibrary('rcrt1.o'), muslLibrary('crti.o'), fileOf('crtbeginS.o')],
    after: [
      ...['-Wl,--start-group', ...archives, muslLibrary('libc.a'), '-Wl,--end-group'],
      ...[fileOf('crtendS.o'), muslLibrary('crtn.o')],
    ],
  };
}

/** A file of the compiler's. @param {string} name */
function fileOf(name) {
  const { stdout } = spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' });
  const path = stdout.trim();
  if (!isAbsolute(path)) throw new Error(`g++ has no ${name}`);
  return path;
}

function libstdcxxFolders() {
  const { stderr } = spawnSync('g++', ['-E', '-v', '-x', 'c++', '/dev/null'], { encoding: 'utf8' });
  return [...stderr.matchAll(/^ (\/.*\/c\+\+\/.*)$/gm)].map(([, folder = '']) => folder);
}

/** Those of Linux, without glibc's beside them. */
function linkKernelHeaders() {
  mkdirSync(kernelHeaders, { recursive: true });
  const folders = { linux: 'linux', 'asm-generic': 'asm-generic', asm: `${machine}-gnu/asm` };
  for (const [name, folder] of Object.entries(folders)) {
    const link = join(kernelHeaders, name);
    if (!existsSync(link)) symlinkSync(join('/usr/include', folder), link);
  }
  return kernelHeaders;
}
