import { codeFlags, compilerFlags, programFlags } from '../../native/build-flags.js';
import {
  compiler,
  compilerFlags as windowsCompilerFlags,
  windowsProgramFlags,
} from '../../native/build-win32.js';
import { hasMusl, muslIncludes, muslLibraries } from './musl.js';

/**
 * @typedef {'linux' | 'win32'} System
 *
 * @typedef {object} Toolchain how C and C++ become a program
 * @property {string} c the compiler
 * @property {readonly string[]} cFlags
 * @property {string} cpp
 * @property {readonly string[]} cppFlags
 * @property {readonly string[]} programFlags
 * @property {readonly string[]} [libraries] what the linker is given after the objects
 * @property {readonly string[]} [rooms] of native/engine, that only this one needs
 */

/** For C that is not ours: its warnings are not, either. */
const foreign = ['-std=gnu11', '-DNDEBUG', '-D_GNU_SOURCE', '-w'];

/**
 * @param {System} system
 * @param {'address'} [sanitize] as in native/build-flags.js; of Linux alone
 * @returns {Toolchain}
 */
export function toolchainOf(system, sanitize) {
  if (system === 'linux') return !sanitize && hasMusl() ? muslToolchain() : glibcToolchain(sanitize);
  return {
    c: compiler.replace('g++', 'gcc'),
    cFlags: [...foreign, '-D_WIN32_WINNT=0x0A00', '-O2', '-ffunction-sections', '-fdata-sections'],
    cpp: compiler,
    // Node-API is in the program itself, and no other one's.
    cppFlags: [...windowsCompilerFlags, '-DNAPI_EXTERN=', '-DUNICODE', '-D_UNICODE'],
    programFlags: windowsProgramFlags,
  };
}

/** A sanitizer needs this one. @param {'address'} [sanitize] @returns {Toolchain} */
function glibcToolchain(sanitize) {
  return {
    c: 'gcc',
    cFlags: [...foreign, ...codeFlags(sanitize)],
    cpp: 'g++',
    cppFlags: compilerFlags(sanitize),
    programFlags: [...programFlags(sanitize), '-pthread'],
  };
}

/**
 * It starts in 0.1 ms, where glibc takes 0.5 on a virtual machine: that asks the processor about its caches.
 * @returns {Toolchain}
 */
function muslToolchain() {
  const include = muslIncludes();
  const { before, after } = muslLibraries();
  return {
    c: 'gcc',
    // No exception of C++ passes through it.
    cFlags: [...foreign, ...codeFlags(undefined), '-fno-asynchronous-unwind-tables', ...include.c],
    cpp: 'g++',
    cppFlags: [...compilerFlags(undefined), ...include.cpp],
    // Threads have 1 MB of stack; musl gives them 128 kB unless the program asks for more.
    programFlags: [...programFlags(undefined), '-Wl,-z,stack-size=1048576', ...before],
    libraries: after,
    rooms: ['musl'],
  };
}
