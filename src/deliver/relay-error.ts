import { exhausted, windowsExhausted } from '../connect/failures/exhausted.js';
import type { Failure } from '../connect/failures/failure.js';
import { ConnectError } from '../errors.js';

/** A relay's failure, by the code's name. */
export function relayError(text: string, code: string, cause?: unknown): ConnectError {
  const known = relayFailures.find(({ codes }) => codes.includes(code));
  return new ConnectError('relay', text, {
    code,
    problem: `${known?.problem ?? otherRelayFailure} (${code})`,
    hint: known?.hint,
    cause,
  });
}

/** Any other failure. */
export const otherRelayFailure = 'moving its bytes failed';

/** What failed: the machine, or this side's output. docs/reference/errors.md has the same rows, but for those of any socket. */
export const relayFailures: readonly Failure[] = [
  {
    codes: [
      ...['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ENOTCONN', 'ETIMEDOUT', 'EPROTO', 'ENODEV'],
      ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENETRESET'],
      ...['WSAECONNRESET', 'WSAECONNABORTED', 'WSAENOTCONN', 'WSAESHUTDOWN', 'WSAEDISCON', 'WSAETIMEDOUT'],
      ...['WSAEHOSTUNREACH', 'WSAEHOSTDOWN', 'WSAENETUNREACH', 'WSAENETDOWN', 'WSAENETRESET'],
    ],
    problem: 'the machine broke the connection',
    hint: 'check that it is still running',
  },
  {
    codes: ['HOP_LOST'],
    problem: 'the hop to its hypervisor broke off, so bytes may be missing',
    hint: "what ssh or the hypervisor's tool said is above",
  },
  {
    codes: ['ENOSPC', 'EDQUOT'],
    problem: 'no space left for the output on this side',
    hint: 'free some space where stdout is written: df -h',
  },
  {
    codes: ['EFBIG'],
    problem: 'the output file cannot grow any more',
    hint: 'see ulimit -f, and the largest file of its file system',
  },
  {
    codes: ['EIO', 'EBADF', 'EISDIR', 'EINVAL', 'ENXIO', 'EACCES', 'EPERM'],
    problem: 'stdin or stdout failed on this side',
    hint: 'check what they are connected to',
  },
  {
    codes: ['EAGAIN'],
    problem: 'no thread could be started for it',
    hint: 'raise ulimit -u, or the number of tasks of this session or container; see free -m, too',
  },
  ...exhausted,
  windowsExhausted,
];
