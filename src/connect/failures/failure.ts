import { reasonOf } from '../../files/read-sync.js';

/** What a connect's error code means in one family, and the fix. `{address}` and `{port}` are the endpoint's. */
export interface Failure {
  readonly codes: readonly string[];
  readonly problem: string;
  readonly hint: string;
  readonly final?: true;
  /** The fix for a user of Windows who has the rights that `hint` is about. */
  readonly hintWithRights?: string;
  /** The fix if the address is this host's own: CID 1, or the socket of .host. */
  readonly hintForThisHost?: string;
}

export const memoryHint = 'see free -m, and the limits of this session or container';

/** The errors of socket(2) in any family. */
export const exhausted: readonly Failure[] = [
  {
    codes: ['EMFILE', 'ENFILE'],
    problem: 'too many files are open',
    hint: 'raise ulimit -n for this process, or see sysctl fs.file-nr for the whole system',
  },
  { codes: ['ENOMEM', 'ENOBUFS'], problem: 'the kernel is out of memory for sockets', hint: memoryHint },
];

export function exhaustion(code: string | undefined): Failure | undefined {
  return [...exhausted, windowsExhausted].find(({ codes }) => code !== undefined && codes.includes(code));
}

/** What is said of a system error: where it is one of the above, the fix, and not which file or program came too late. */
export function systemFailure(error: NodeJS.ErrnoException) {
  const { hint } = exhaustion(error.code) ?? {};
  return { message: hint === undefined ? error.message : reasonOf(error), hint };
}

/** The errors of Winsock's socket() in any family. */
export const windowsExhausted: Failure = {
  codes: ['WSAEMFILE', 'WSAENOBUFS'],
  problem: 'Windows is out of memory for sockets',
  hint: 'see what uses sockets and memory in the Resource Monitor: resmon',
};
