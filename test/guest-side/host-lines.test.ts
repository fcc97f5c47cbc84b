import { describe, expect, it } from 'vitest';
import { hostLines, hostName } from '../../src/guest/host-lines.js';

describe('lines for ssh_config', () => {
  it('have target and port in the ProxyCommand, for any port', () => {
    const word = (text: string) => text.replaceAll('%', '%%');
    const lines = hostLines({
      name: 'm-vsock',
      target: 'vsock-mux%Run%x',
      port: 70000,
      user: 'ann',
      word,
      self: ['/v'],
    });
    expect(lines).toBe(`Host m-vsock
    User ann
    ProxyCommand /v proxy vsock-mux%%Run%%x 70000
    ProxyUseFdpass no
    HostKeyAlias m-vsock
    StrictHostKeyChecking accept-new
    CheckHostIP no
`);
  });
  it.each([
    { text: 'web', name: 'web-vsock' },
    { text: 'vsock-mux/run/*.sock', name: 'vsock-mux-run-.sock-vsock' },
    { text: '!?', name: 'guest-vsock' },
  ])('$text', ({ text, name }) => expect(hostName(text)).toBe(name));
});
