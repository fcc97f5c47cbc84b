/** @import { Load } from './types.js' */
import { copies, logins } from './real-ssh.js';
import { sessions, stream } from './relays.js';

/** Processes at the same time, unless all are held open at once. */
const few = 8;
const GiB = 1024;

/**
 * Every load, in the order of the page. Node takes 20 times the processor and 40 times the memory of the executable, so some of its
 * counts are lower.
 * @type {readonly Load[]}
 */
export const loads = [
  {
    id: 'pass',
    title: 'logins by fd passing, through a stand-in for ssh',
    full: { executable: { count: 10_000, atOnce: few }, node: { count: 2000, atOnce: few } },
    quick: { executable: { count: 500, atOnce: few }, node: { count: 20, atOnce: few } },
    run: (bed, runtime, size) => sessions(bed, runtime, size, true),
  },
  {
    id: 'relay',
    title: 'logins by relay, through a stand-in for ssh',
    full: { executable: { count: 10_000, atOnce: few }, node: { count: 2000, atOnce: few } },
    quick: { executable: { count: 500, atOnce: few }, node: { count: 20, atOnce: few } },
    run: (bed, runtime, size) => sessions(bed, runtime, size, false),
  },
  {
    id: 'sshd',
    title: 'logins by the real ssh to a real sshd, fd passing and relay in turn',
    full: { executable: { count: 1000, atOnce: few }, node: { count: 200, atOnce: few } },
    quick: { executable: { count: 20, atOnce: few }, node: { count: 8, atOnce: few } },
    run: logins,
  },
  {
    id: 'held',
    title: 'relays held open at once, a byte there and back each second, while others come and go',
    full: {
      executable: { count: 1000, atOnce: 1000, seconds: 60 },
      node: { count: 60, atOnce: 60, seconds: 60 },
    },
    quick: { executable: { count: 100, atOnce: 100, seconds: 8 }, node: { count: 4, atOnce: 4, seconds: 8 } },
    run: async (bed, runtime, size) => {
      const others = { count: size.count * 2, atOnce: few };
      const [held] = await Promise.all([
        sessions(bed, runtime, size, false),
        sessions(bed, runtime, others, false),
      ]);
      return { ...held, what: `${held.what}, and ${others.count} more` };
    },
  },
  {
    id: 'rsync',
    title: 'rsyncs at once, to a real sshd',
    full: { executable: { count: 64, atOnce: 64 }, node: { count: 64, atOnce: 64 } },
    quick: { executable: { count: 8, atOnce: 8 }, node: { count: 4, atOnce: 4 } },
    run: copies,
  },
  {
    id: 'stream',
    title: 'one relay of many bytes',
    full: { executable: { count: 64 * GiB, atOnce: 1 }, node: { count: 64 * GiB, atOnce: 1 } },
    quick: { executable: { count: 8 * GiB, atOnce: 1 }, node: { count: 16 * GiB, atOnce: 1 } },
    run: stream,
  },
];

/** Held open in the background, while all others run. @type {Load} */
export const longest = {
  id: 'long',
  title: 'one relay held open, a byte there and back each second',
  full: { executable: { count: 1, atOnce: 1, seconds: 1800 }, node: { count: 1, atOnce: 1, seconds: 1800 } },
  quick: { executable: { count: 1, atOnce: 1, seconds: 20 }, node: { count: 1, atOnce: 1, seconds: 20 } },
  run: (bed, runtime, size) => sessions(bed, runtime, size, false),
};

/** All, as they are named on the page and in the arguments. */
export const allLoads = [...loads, longest];
