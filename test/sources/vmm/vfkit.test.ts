import { describe, expect, it } from 'vitest';
import { parseVfkitArgs } from '../../../src/sources/vmm/vfkit.js';

const socket = '/Users/u/Library/Application Support/mint.sock';

describe('the command line of vfkit or krunkit', () => {
  const device = (text: string) => ['vfkit', '--cpus', '2', '--device', text];
  it.each([
    { input: `virtio-vsock,port=22,socketURL=${socket},connect`, want: socket },
    { input: `virtio-vsock,connect,socketURL=${socket},port=22`, want: socket },
    // The machine connects, by default.
    { input: `virtio-vsock,port=22,socketURL=${socket}`, want: undefined },
    { input: `virtio-vsock,port=22,socketURL=${socket},listen`, want: undefined },
    { input: `virtio-vsock,port=1025,socketURL=${socket},connect`, want: undefined },
    { input: 'virtio-vsock,port=22,socketURL=mint.sock,connect', want: undefined },
    { input: 'virtio-vsock,port=22,connect', want: undefined },
    { input: `virtio-net,port=22,socketURL=${socket},connect`, want: undefined },
  ])('$input', ({ input, want }) => expect(parseVfkitArgs(device(input))).toBe(want));

  it('may have several devices, in both spellings of an option', () => {
    const other = '--device=virtio-vsock,port=1024,socketURL=/tmp/ready.sock,listen';
    const own = `--device=virtio-vsock,port=22,socketURL=${socket},connect`;
    expect(parseVfkitArgs(['krunkit', other, own, '--device', 'virtio-rng'])).toBe(socket);
  });
});
