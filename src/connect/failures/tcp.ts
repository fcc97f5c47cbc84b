import { exhausted, windowsExhausted } from './exhausted.js';
import type { Failure } from './failure.js';

/** What the errno of a connect means for TCP. */
export const tcpFailures: readonly Failure[] = [
  {
    codes: ['ECONNREFUSED', 'WSAECONNREFUSED'],
    problem: 'nothing listens on {address}',
    hint: 'check that sshd is running in the machine and listens on TCP',
  },
  {
    codes: [
      ...['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'],
      ...['WSAETIMEDOUT', 'WSAEHOSTUNREACH', 'WSAENETUNREACH', 'WSAENETDOWN'],
    ],
    problem: '{address} cannot be reached',
    hint: 'check that the machine is running and its network is up: vmssh list',
  },
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN'],
    problem: 'the host name of {address} has no address',
    hint: 'check the address that the machine registered: machinectl show NAME',
  },
  ...exhausted,
  windowsExhausted,
];
