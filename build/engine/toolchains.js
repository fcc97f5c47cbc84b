import {
  codeFlags,
  compilerFlags,
  isLinuxTarget,
  programFlags,
  thisSystem,
  toolPrefix,
} from '../../native/build-flags.js';
import {
  compiler,
  compilerFlags as windowsCompilerFlags,
  windowsProgramFlags,
} from '../../native/build-win32.js';
import { hasMusl, muslIncludes, muslLibraries } from './musl.js';

/**
 * @typedef {import('../../native/build-flags.js').LinuxTarget} LinuxTarget
 * @typedef {LinuxTarget | 'win32-x64'} Target
 * @typedef {'address' | 'thread' | 'fuzzer'} Sanitizer
 *
 * @typedef {object} Toolchain how C and C++ become a program
 * @property {string} c the compiler
 * @property {readonly string[]} cFlags
 * @property {string} cpp
 * @property {readonly string[]} cppFlags
 * @property {readonly string[]} programFlags
 * @property {readonly string[]} [libraries] what the linker is given after the objects
 * @property {readonly string[]} [folders] of native/engine, that only this one needs
 * @property {string | undefined} [emulator] what runs its programs here, if this processor does not
 */

/** What this build runs on. @type {LinuxTarget} */
export const ownTarget = isLinuxTarget(thisSystem) ? thisSystem : 'linux-x64';

/** For C that is not ours: its warnings are not, either. */
const foreign = ['-std=gnu11', '-DNDEBUG', '-D_GNU_SOURCE', '-w'];

/**
 * @param {Target} target
 * @param {Sanitizer} [sanitize] as in native/build-flags.js; of Linux alone
 * @returns {Toolchain}
 */
export function toolchainOf(target, sanitize) {
  if (target !== 'win32-x64')
    return !sanitize && hasMusl(target) ? muslToolchain(target) : glibcToolchain(target, sanitize);
  return {
    c: compiler.replace('g++', 'gcc'),
    cFlags: [...foreign, '-D_WIN32_WINNT=0x0A00', '-O2', '-ffunction-sections', '-fdata-sections'],
    cpp: compiler,
    // Node-API is in the program itself, and no other one's.
    cppFlags: [...windowsCompilerFlags, '-DNAPI_EXTERN=', '-DUNICODE', '-D_UNICODE'],
    programFlags: windowsProgramFlags,
  };
}

/** A sanitizer needs this one. @param {LinuxTarget} target @param {Sanitizer} [sanitize] @returns {Toolchain} */
function glibcToolchain(target, sanitize) {
  if (sanitize === 'fuzzer') return fuzzerToolchain(target);
  const prefix = toolPrefix(target);
  return {
    c: `${prefix}gcc`,
    cFlags: [...foreign, ...codeFlags(sanitize, target)],
    cpp: `${prefix}g++`,
    cppFlags: compilerFlags(sanitize, target),
    programFlags: [...programFlags(sanitize), '-pthread'],
  };
}

/**
 * libFuzzer counts what our own C++ does; test/fuzz/build.js has it count the engine's steps through JavaScript.
 * @param {LinuxTarget} target
 * @returns {Toolchain}
 */
function fuzzerToolchain(target) {
  return {
    c: 'clang',
    // Code that is not ours: what it reads and writes, and no more, which takes minutes to compile.
    cFlags: [...foreign, ...codeFlags('fuzzer', target), '-fno-sanitize=undefined'],
    cpp: 'clang++',
    cppFlags: [...compilerFlags('fuzzer', target), '-fsanitize=fuzzer-no-link'],
    programFlags: [...programFlags('fuzzer'), '-fsanitize=fuzzer', '-pthread'],
  };
}

/**
 * It starts in 0.1 ms, where glibc takes 0.5 on a virtual machine: that asks the processor about its caches.
 * @param {LinuxTarget} target
 * @returns {Toolchain}
 */
function muslToolchain(target) {
  const include = muslIncludes(target);
  const { before, after } = muslLibraries(target);
  const prefix = toolPrefix(target);
  return {
    c: `${prefix}gcc`,
    // No exception of C++ passes through it.
    cFlags: [...foreign, ...codeFlags(undefined, target), '-fno-asynchronous-unwind-tables', ...include.c],
    cpp: `${prefix}g++`,
    cppFlags: [...compilerFlags(undefined, target), ...include.cpp],
    // Threads have 1 MB of stack; musl gives them 128 kB unless the program asks for more.
    programFlags: [...programFlags(undefined), '-Wl,-z,stack-size=1048576', ...before],
    libraries: after,
    folders: ['musl'],
    emulator: target === ownTarget ? undefined : 'qemu-aarch64-static',
  };
}
