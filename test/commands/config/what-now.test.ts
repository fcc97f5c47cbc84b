import { describe, expect, it } from 'vitest';
import { whatNow } from '../../../src/commands/config/what-now.js';
import { configText } from '../../../src/ssh/config/text.js';
import { fakeIo } from '../../helpers/fake-io.js';

/** The last line for a file that has these Hosts. */
function lastLine(hosts: readonly string[]): string {
  const blocks = hosts.map((host) => ({
    host,
    about: `${host} of libvirt`,
    options: {
      target: `qemu/${host}`,
      knownHosts: undefined,
      hostKeyAlias: undefined,
      user: undefined,
      identityFile: undefined,
    },
  }));
  const text = configText({ program: ['/usr/bin/vmssh'], fdpass: true, platform: 'linux', hosts: blocks });
  return whatNow(text, fakeIo());
}

describe('the end of config install', () => {
  it('is what to type for each machine', () => {
    expect(lastLine(['mint'])).toBe('1 machine: ssh mint');
    expect(lastLine(['web', 'vm-web2'])).toBe('2 machines: ssh web, ssh vm-web2');
  });

  it('is one line for any number of machines', () => {
    const names = Array.from({ length: 30 }, (_, i) => `web${i}`);
    expect(lastLine(names)).toMatch(/^30 machines: ssh web0, .*ssh web7, and 22 more$/);
  });

  it('says what works without a machine', () => {
    expect(lastLine([])).toBe(
      'no machine has a name yet: run vmssh config install again when there is one; ssh root@vsock/3 works now',
    );
  });
});
