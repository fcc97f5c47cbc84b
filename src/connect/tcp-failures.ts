import type { Failure } from './failure.js';

/** What the errno of a connect means for TCP. */
export const tcpFailures: readonly Failure[] = [
  {
    codes: ['ECONNREFUSED', 'WSAECONNREFUSED'],
    problem: 'nobody listens on {address}',
    hint: 'see whether sshd runs in the machine and listens on TCP',
  },
  {
    codes: [
      ...['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'],
      ...['WSAETIMEDOUT', 'WSAEHOSTUNREACH', 'WSAENETUNREACH', 'WSAENETDOWN'],
    ],
    problem: '{address} cannot be reached',
    hint: 'see whether the machine runs and its network is up: vmssh list',
  },
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN'],
    problem: 'the host name of {address} has no address',
    hint: 'see the address that the machine registered: machinectl show NAME',
  },
];
