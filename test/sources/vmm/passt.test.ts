import { describe, expect, it } from 'vitest';
import { parsePasst } from '../../../src/sources/vmm/passt.js';

describe('the arguments of passt', () => {
  it.each([
    { input: ['--tcp-ports', '2222:22'], want: '127.0.0.1:2222' },
    { input: ['-t2222:22'], want: '127.0.0.1:2222' },
    { input: ['--tcp-ports=8080:80,2222:22'], want: '127.0.0.1:2222' },
    { input: ['-t', '8080:80', '-t', '2222:22'], want: '127.0.0.1:2222' },
    { input: ['-t', '2200-2300:20-120'], want: '127.0.0.1:2202' },
    { input: ['-t', '20-30'], want: '127.0.0.1:22' },
    { input: ['-t', '192.0.2.1/2222:22'], want: '192.0.2.1:2222' },
    { input: ['-t', '::1/2222:22'], want: '[::1]:2222' },
    { input: ['-t', '127.0.0.1%lo/2222:22'], want: '127.0.0.1:2222' },
    { input: ['-t', '192.0.2.1%eth0/2222:22'], want: undefined },
    { input: ['-t', '2222:23,~22,all'], want: undefined },
    { input: ['--tcp-ports-x', '2222:22', '-u', '2222:22'], want: undefined },
  ])('$input', ({ input, want }) => {
    expect(parsePasst(['passt', '-s', '/p', ...input])).toEqual(
      want === undefined ? { socket: '/p' } : { socket: '/p', forwarded: want },
    );
  });
});
