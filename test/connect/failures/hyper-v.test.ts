import { describe, expect, it } from 'vitest';
import { hyperVFailures } from '../../../src/connect/failures/hyper-v.js';

/**
 * What the message and the fix for each WSA code of a connect must contain. From
 * https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2 and what users report of AF_HYPERV.
 */
const table = [
  { number: 10049, code: 'WSAEADDRNOTAVAIL', problem: /no running machine.*\{address\}/, fix: /vmssh list/ },
  { number: 10051, code: 'WSAENETUNREACH', problem: /\{address\} is not running/, fix: /vmssh list.*--wait/ },
  {
    number: 10060,
    code: 'WSAETIMEDOUT',
    problem: /nothing answered.*\{port\}/,
    fix: /--wait.*modprobe hv_sock/,
  },
  { number: 10061, code: 'WSAECONNREFUSED', problem: /refuses.*\{port\}/, fix: /in the guest.*sshd-vsock/ },
  {
    number: 10013,
    code: 'WSAEACCES',
    problem: /does not let this user open/,
    fix: /S-1-5-32-578.*elevated terminal$/,
  },
  { number: 10050, code: 'WSAENETDOWN', problem: /transport is down/, fix: /^try again, or use --wait/ },
  { number: 10022, code: 'WSAEINVAL', problem: /a bug in vmssh/, fix: /report/ },
  { number: 10047, code: 'WSAEAFNOSUPPORT', problem: /no Hyper-V sockets/, fix: /VirtualMachinePlatform/ },
];

describe('a WSA code of AF_HYPERV', () => {
  it.each(table)('$number has its message and its fix', ({ code, problem, fix }) => {
    const rows = hyperVFailures.filter(({ codes }) => codes.includes(code));
    expect(rows).toMatchObject([
      { problem: expect.stringMatching(problem), hint: expect.stringMatching(fix) },
    ]);
  });

  it('shares neither with another one', () => {
    const rows = table.map(({ code }) => hyperVFailures.find(({ codes }) => codes.includes(code)));
    expect(new Set(rows.map((row) => row?.problem)).size).toBe(table.length);
    expect(new Set(rows.map((row) => row?.hint)).size).toBe(table.length);
  });
});
