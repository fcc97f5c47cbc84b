import { describe, expect, it } from 'vitest';
import { imageMark } from '../../build/engine/chunks.js';
import { callsIn, instructionsIn } from './count.js';
import { asText, grown, missed } from './table.js';
import type { Counted } from './types.js';

const counted = (instructions: number, calls: Counted['calls']): Counted => ({
  ...{ instructions, calls },
  ...{ functions: {}, steps: {} },
});
const table = { with: {}, rows: { login: { instructions: 1_000_000, calls: 40 } } };

describe('a row', () => {
  it.each([
    { what: 'what it was', found: counted(1_000_000, { read: 40 }), want: [] },
    { what: 'less', found: counted(900_000, { read: 30 }), want: [] },
    { what: 'a little more', found: counted(1_009_000, { read: 40 }), want: [] },
    { what: '2 % more instructions', found: counted(1_020_000, { read: 40 }), want: ['login'] },
    { what: 'a system call more by chance', found: counted(1_000_000, { read: 40, poll: 2 }), want: [] },
    {
      what: 'one more file read',
      found: counted(1_000_000, { read: 41, open: 1, close: 1 }),
      want: ['login'],
    },
  ])('of $what', ({ found, want }) => {
    expect(missed(table, { login: found })).toEqual(want);
  });

  it('that is new is red', () => {
    expect(missed(table, { other: counted(1, {}) })).toEqual(['other']);
  });

  it('is shown beside what was counted', () => {
    expect(asText(table, { login: counted(1_020_000, { read: 39 }) })).toMatch(
      /login +1,020,000 \(2\.00 %\) +39 \(-2\.50 %\)/,
    );
  });

  it('names what grew, most first', () => {
    const before = { calls: { read: 2 }, functions: { copy: 1000, call: 5000 }, steps: { 'parse:7': 100 } };
    const now = {
      calls: { read: 3 },
      functions: { copy: 9000, call: 7000 },
      steps: { 'parse:7': 100, 'find:9': 50 },
    };
    expect(grown('login', before, now).split('\n')).toEqual([
      'login: more than before',
      '  system calls: read 3 (+1)',
      '  instructions of the engine and of C++: copy 9000 (+8000)',
      '  instructions of the engine and of C++: call 7000 (+2000)',
      '  steps of JavaScript: find:9 50 (+50)',
    ]);
  });
});

describe('what valgrind counted', () => {
  const program = Buffer.alloc(64);
  program.write(`xx${imageMark}`);
  program.writeBigUInt64LE(10n, 2 + imageMark.length);

  it('is of each function itself, without the copy of the image', () => {
    const lines = ['fn=(1) main', '0 7', 'cfn=(2) memcpy', 'calls=1 0 ', '0 95', '0 3', '', 'fn=(2)', '0 95'];
    expect(instructionsIn(lines.join('\n'), program)).toEqual({
      instructions: 25,
      functions: { main: 10, memcpy: 15 },
    });
  });

  it('is the system calls of the process, and not those that need no kernel', () => {
    const lines = [
      'SYSCALL[100,1](9) sys_mmap ( 0x0, 4096 ) --> [pre-success] Success(0x1) ',
      'SYSCALL[100,1](228) sys_clock_gettime ( 1, 0x1 )[sync] --> Success(0x0) ',
      'SYSCALL[100,1](228) sys_clock_gettime ( 3, 0x1 )[sync] --> Success(0x0) ',
      'SYSCALL[100,2](0) sys_read ( 3, 0x1, 10 ) --> [async] ... ',
      'SYSCALL[100,2](0) ... [async] --> Success(0x4) ',
      'SYSCALL[101,1](0) sys_read ( 3, 0x1, 10 ) --> [async] ... ',
      'SYSCALL[100,1](231) exit_group( 0 ) --> [pre-success] Success(0x0) ',
    ];
    expect(callsIn(lines.join('\n'))).toEqual({ mmap: 1, clock_gettime: 1, read: 1, exit_group: 1 });
  });
});
