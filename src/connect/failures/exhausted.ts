import type { Failure } from './failure.js';

export const memoryHint = 'see free -m, and the limits of this session or container';

/** The errors of socket(2) in any family. */
export const exhausted: readonly Failure[] = [
  {
    codes: ['EMFILE', 'ENFILE'],
    problem: 'too many files are open',
    hint: 'raise ulimit -n for this process, or see sysctl fs.file-nr for the whole system',
  },
  {
    codes: ['ENOMEM', 'ENOBUFS'],
    problem: 'the kernel is out of memory for sockets',
    hint: memoryHint,
  },
];

/** The failure for a code that means that this system has run out of something. */
export function exhaustion(code: string | undefined): Failure | undefined {
  return [...exhausted, windowsExhausted].find(({ codes }) => code !== undefined && codes.includes(code));
}

/** The errors of Winsock's socket() in any family. */
export const windowsExhausted: Failure = {
  codes: ['WSAEMFILE', 'WSAENOBUFS'],
  problem: 'Windows is out of memory for sockets',
  hint: 'see what uses sockets and memory in the Resource Monitor: resmon',
};
