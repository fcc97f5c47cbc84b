import { codeFlags, compilerFlags, programFlags } from '../../native/build-flags.js';
import {
  compiler,
  compilerFlags as windowsCompilerFlags,
  windowsProgramFlags,
} from '../../native/build-win32.js';

/**
 * @typedef {'linux' | 'win32'} System
 *
 * @typedef {object} Toolchain how C and C++ become a program
 * @property {string} c the compiler
 * @property {readonly string[]} cFlags
 * @property {string} cpp
 * @property {readonly string[]} cppFlags
 * @property {readonly string[]} programFlags
 */

/** For C that is not ours: its warnings are not, either. */
const foreign = ['-std=gnu11', '-DNDEBUG', '-D_GNU_SOURCE', '-w'];

/**
 * @param {System} system
 * @param {'address'} [sanitize] as in native/build-flags.js; of Linux alone
 * @returns {Toolchain}
 */
export function toolchainOf(system, sanitize) {
  if (system === 'linux') {
    return {
      c: 'gcc',
      cFlags: [...foreign, ...codeFlags(sanitize)],
      cpp: 'g++',
      cppFlags: compilerFlags(sanitize),
      programFlags: [...programFlags(sanitize), '-pthread'],
    };
  }
  return {
    c: compiler.replace('g++', 'gcc'),
    cFlags: [...foreign, '-D_WIN32_WINNT=0x0A00', '-O2', '-ffunction-sections', '-fdata-sections'],
    cpp: compiler,
    // Node-API is in the program itself, and no other one's.
    cppFlags: [...windowsCompilerFlags, '-DNAPI_EXTERN=', '-DUNICODE', '-D_UNICODE'],
    programFlags: windowsProgramFlags,
  };
}
