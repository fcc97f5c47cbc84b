import { describe, expect, it } from 'vitest';
import { hostNameOf, isHostName, isPlainHostName } from '../../src/address/host-name.js';

describe('a host name for ssh and its tools', () => {
  it.each(['mint', 'machine%web', 'machine/web', 'unix/run/a.sock', 'Ünder_score', 'a-b'])('%s', (text) => {
    expect(isHostName(text)).toBe(true);
    expect(hostNameOf(text)).toBe(text);
  });

  it.each([
    { text: 'machine/Web Server', name: 'machine/Web-Server' },
    { text: 'vsock:3:5000', name: 'vsock-3-5000' },
    { text: '-oProxyCommand=x', name: 'oProxyCommand=x' },
    { text: '--x', name: 'x' },
    { text: 'a$(x)`y`;z', name: 'a-x-y-z' },
    { text: 'a\u202eb', name: 'a-b' },
    { text: 'podman%*', name: 'podman%-' },
    { text: 'a?b!', name: 'a-b-' },
    { text: ' ', name: 'machine' },
    { text: '', name: 'machine' },
  ])('$text is not one, and becomes $name', ({ text, name }) => {
    expect(isHostName(text)).toBe(false);
    expect(hostNameOf(text)).toBe(name);
    expect(isHostName(name)).toBe(true);
  });
});

describe('a name in a Host line', () => {
  it.each(['mint', 'a.b', 'machine%web'])('can be %s', (text) => expect(isPlainHostName(text)).toBe(true));
  it.each(['a/b', 'a*', 'a?', '!a', 'a b', ''])('cannot be %j', (text) =>
    expect(isPlainHostName(text)).toBe(false),
  );
});
