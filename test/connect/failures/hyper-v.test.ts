import { describe, expect, it } from 'vitest';
import { hyperVFailures } from '../../../src/connect/failures/hyper-v.js';

/**
 * What each WSA code of a connect has to be told as: words that the message and the cure must hold. From
 * https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2 and what users report of AF_HYPERV.
 */
const table = [
  { number: 10049, code: 'WSAEADDRNOTAVAIL', problem: /no running machine.*\{address\}/, cure: /vmssh list/ },
  {
    number: 10051,
    code: 'WSAENETUNREACH',
    problem: /\{address\} is not running/,
    cure: /vmssh list.*--wait/,
  },
  {
    number: 10060,
    code: 'WSAETIMEDOUT',
    problem: /nothing answered.*\{port\}/,
    cure: /--wait.*modprobe hv_sock/,
  },
  { number: 10061, code: 'WSAECONNREFUSED', problem: /refuses.*\{port\}/, cure: /in the guest.*sshd-vsock/ },
  {
    number: 10013,
    code: 'WSAEACCES',
    problem: /does not let this user open/,
    cure: /S-1-5-32-578.*elevated.*service register/,
  },
  { number: 10050, code: 'WSAENETDOWN', problem: /transport is down/, cure: /^try again, or use --wait/ },
  { number: 10022, code: 'WSAEINVAL', problem: /a bug in vmssh/, cure: /report/ },
  { number: 10047, code: 'WSAEAFNOSUPPORT', problem: /no Hyper-V sockets/, cure: /VirtualMachinePlatform/ },
];

describe('a WSA code of AF_HYPERV', () => {
  it.each(table)('$number has its message and its fix', ({ code, problem, cure }) => {
    const rows = hyperVFailures.filter(({ codes }) => codes.includes(code));
    expect(rows).toMatchObject([
      { problem: expect.stringMatching(problem), hint: expect.stringMatching(cure) },
    ]);
  });

  it('shares neither with another one', () => {
    const rows = table.map(({ code }) => hyperVFailures.find(({ codes }) => codes.includes(code)));
    expect(new Set(rows.map((row) => row?.problem)).size).toBe(table.length);
    expect(new Set(rows.map((row) => row?.hint)).size).toBe(table.length);
  });
});
