import { describe, expect, it } from 'vitest';
import { hostLines, hostName } from '../../src/guest/host-lines.js';

describe('lines for ssh_config', () => {
  it('have target and port in the ProxyCommand, for any port', () => {
    const options = { name: 'm-vsock', port: 70000, user: 'ann', program: ['/v'], knownHosts: '~/hosts' };
    const lines = hostLines({ ...options, target: 'vsock-mux%Run%x', hostKeyAlias: undefined });
    expect(lines).toBe(`Host m-vsock
    ProxyCommand /v proxy vsock-mux%%Run%%x 70000
    ProxyUseFdpass no
    CheckHostIP no
    HostKeyAlias m-vsock
    StrictHostKeyChecking accept-new
    UserKnownHostsFile ~/hosts
    GlobalKnownHostsFile /dev/null
    HashKnownHosts no
    UpdateHostKeys no
    User ann
`);
    expect(hostLines({ ...options, target: 'machine/m', hostKeyAlias: 'vmssh-machine%m' })).toContain(
      '    HostKeyAlias vmssh-machine%m\n',
    );
  });
  it.each([
    { text: 'web', name: 'web-vsock' },
    { text: 'vsock-mux/run/*.sock', name: 'vsock-mux-run-.sock-vsock' },
    { text: 'größe', name: 'größe-vsock' },
    { text: '!?', name: 'guest-vsock' },
  ])('$text', ({ text, name }) => expect(hostName(text)).toBe(name));
});
