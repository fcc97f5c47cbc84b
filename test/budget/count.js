/** @import { ByName } from './types.js' */
import { imageMark } from '../../build/engine/chunks.js';

/**
 * What callgrind counted (https://valgrind.org/docs/manual/cl-format.html): in all, and in each function itself; both without the copy
 * of the image that is in `program`, of which valgrind counts each byte and the processor copies a page in the time of some.
 * @param {string} text
 * @param {Buffer} program
 * @returns {{ readonly instructions: number, readonly functions: ByName }}
 */
export function instructionsIn(text, program) {
  /** @type {Map<string, string>} */
  const names = new Map();
  /** @type {Record<string, number>} */
  const functions = {};
  let name = '';
  let isCall = false;
  for (const line of text.split('\n')) {
    const [, word = '', number = '', said] = /^(c?fn)=\((\d+)\)(?: (.*))?$/.exec(line)?.slice(0) ?? [];
    if (word !== '') {
      if (said !== undefined) names.set(number, said);
      if (word === 'fn') name = names.get(number) ?? '';
    } else if (line.startsWith('calls=')) {
      isCall = true;
    } else if (/^[+*\d-]/.test(line)) {
      // What a call took in all is counted in the functions that it ran.
      if (!isCall) functions[name] = (functions[name] ?? 0) + Number(line.split(' ')[1]);
      isCall = false;
    }
  }
  const copied = imageBytes(program);
  const copier = Object.keys(functions).find((each) => each === 'memcpy');
  if (copier !== undefined) functions[copier] = (functions[copier] ?? 0) - copied;
  const instructions = Object.values(functions).reduce((sum, each) => sum + each, 0);
  return { instructions: copier === undefined ? instructions - copied : instructions, functions };
}

/** How many bytes a start copies: native/engine/image/image_linux.cpp has the head. @param {Buffer} program */
function imageBytes(program) {
  const at = program.indexOf(imageMark);
  if (at < 0) throw new Error('the program has no image');
  return Number(program.readBigUInt64LE(at + imageMark.length)) * 8;
}

/**
 * The system calls of a process and its threads, as valgrind traces them. What the kernel answers in the process itself is none.
 * @param {string} text
 * @returns {ByName}
 */
export function callsIn(text) {
  /** @type {Record<string, number>} */
  const calls = {};
  const all = [...text.matchAll(/SYSCALL\[(\d+),\d+\]\(\d+\) (?:sys_)?(\w+) ?\( (\w*)/g)];
  const [, process] = all[0] ?? [];
  for (const [, pid, name = '', first] of all) {
    if (pid !== process || (name === 'clock_gettime' && (first === '0' || first === '1'))) continue;
    calls[name] = (calls[name] ?? 0) + 1;
  }
  return calls;
}

/** The steps that the program of ./programs.js counted in its file. @param {Buffer} bytes @returns {Record<string, number>} */
export function stepsIn(bytes) {
  /** @type {Record<string, number>} */
  const steps = {};
  for (let at = 0; at < bytes.length; at += 64) {
    // Without the line, which others move.
    const [name = ''] = bytes.toString('latin1', at + 8, bytes.indexOf(0, at + 8)).split(':');
    if (name !== '') steps[name] = (steps[name] ?? 0) + Number(bytes.readBigUInt64LE(at));
  }
  return steps;
}
