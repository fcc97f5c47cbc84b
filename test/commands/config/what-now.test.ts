import { describe, expect, it } from 'vitest';
import { whatNow } from '../../../src/commands/config/what-now.js';
import { recordLines } from '../../../src/ssh/config/record.js';
import { type ConcreteHost, configText } from '../../../src/ssh/config/text.js';
import { fakeIo } from '../../helpers/fake-io.js';

/** The last line for a file that has these Hosts. */
function lastLine(hosts: readonly string[]): string {
  return whatNow(textOf(hosts.map((host) => block(host, `${host} of libvirt`))), fakeIo());
}

function textOf(hosts: readonly ConcreteHost[]): string {
  return configText({ program: ['/usr/bin/vmssh'], fdpass: true, platform: 'linux', hosts });
}

function block(host: string, about: string): ConcreteHost {
  const none = { knownHosts: undefined, hostKeyAlias: undefined, user: undefined, identityFile: undefined };
  return { host, about, options: { target: `qemu/${host}`, ...none } };
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

  it('says which is which of names that differ only in case', () => {
    const ids = { Mint: 'hyper-v/86e0c1e9', mint: 'hyper-v/87e0c1e9' };
    const blocks = Object.entries(ids).map(([name, target]) =>
      block(`${name}-hyper-v`, `${name} (${target}) of hyper-v`),
    );
    expect(whatNow(textOf([...blocks, block('web', 'web of libvirt')]), fakeIo())).toBe(
      [
        '3 machines: ssh Mint-hyper-v, ssh mint-hyper-v, ssh web',
        'they differ only in case: ssh Mint-hyper-v is Mint (hyper-v/86e0c1e9), ssh mint-hyper-v is mint (hyper-v/87e0c1e9)',
      ].join('\n'),
    );
  });

  it('says what works without a machine', () => {
    expect(lastLine([])).toBe(
      'no machine with a name yet: run vmssh config install again when there is one; an address works now: ssh root@vsock/3',
    );
    const fresh = textOf([]).replace('\n', `\n${recordLines(['--fresh'])}`);
    expect(whatNow(fresh, fakeIo())).toBe(
      'no machine with a name yet: once vmssh list shows one, ssh knows its name; an address works now: ssh root@vsock/3',
    );
  });
});
