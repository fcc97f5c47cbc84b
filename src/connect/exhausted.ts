import type { Failure } from './failure.js';

/** What socket(2) fails with in any family. */
export const exhausted: readonly Failure[] = [
  {
    codes: ['EMFILE', 'ENFILE'],
    problem: 'too many files are open',
    hint: 'see ulimit -n for this process, and sysctl fs.file-nr for the whole system',
  },
  {
    codes: ['ENOMEM', 'ENOBUFS'],
    problem: 'the kernel has no memory left for a socket',
    hint: 'see free -m, and the limits of this session or container',
  },
];

/** What Winsock's socket() fails with in any family. */
export const windowsExhausted: Failure = {
  codes: ['WSAEMFILE', 'WSAENOBUFS'],
  problem: 'Windows has no memory left for a socket',
  hint: 'see what holds sockets and memory: the Resource Monitor, resmon',
};
