import { describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/base/errors.js';
import { kinds, parseTarget } from '../../src/kinds/kinds.js';
import { understood } from './notation.js';

const guid = '90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd';

describe('parseTarget refuses', () => {
  const unknown = 'refused: unknown kind of target';
  const scope = 'refused: expected system or session after "qemu:", and a name after that';
  const cid = (text: string, why: string) => `refused: CID ${JSON.stringify(text)} cannot be used: ${why}`;
  const port = (text: string, why: string) => `refused: port ${text} cannot be used: ${why}`;
  const slash = (what: string, text: string) => `refused: the ${what} contains a slash: "${text}"`;
  it.each([
    ['unix/a\0b', 'refused: it contains control characters'],
    ['\x1b[31mvsock/3', 'refused: it contains control characters'],
    ['example.com', unknown],
    ['unix', unknown],
    ['vsocks/3', unknown],
    [' vsock/3', unknown],
    ['vsock,3', unknown],
    ['machine:web', unknown],
    ['qemu:other/web', scope],
    ['qemu:system', scope],
    ['qemu:system:web', scope],
    [guid.slice(1), unknown],
    [guid.replaceAll('-', ''), unknown],
    ['.host/x', unknown],
    ['via/hv1', 'refused: a target or a name must follow the hypervisor'],
    ['via//vsock/3', 'refused: the name of the hypervisor is empty'],
    ['via/hv1/', 'refused: the target after the hypervisor is empty'],
    [
      'via/-oProxyCommand=x/vsock/3',
      'refused: the name of a hypervisor cannot begin with "-": "-oProxyCommand=x"',
    ],
    [
      'via/root@hv1/vsock/3',
      'refused: a user does not fit here: "root@hv1"; give its Host a User in ~/.ssh/config',
    ],
    ['via/hv1;id/vsock/3', 'refused: ssh does not take "hv1;id" as a host'],
    ['via/hv1/vsok/3', 'refused: unknown kind of target: "vsok/3"'],
    ['via/hv1/mine:web', 'refused: unknown kind of target: "mine:web"'],
    ['via/hv1/via/-x/vsock/3', 'refused: the name of a hypervisor cannot begin with "-": "-x"'],
    ['via/hv1/via%hv2/vsok/3', 'refused: unknown kind of target: "vsok/3"'],
    [
      `${'via/hv1/Via%hv2%'.repeat(3)}via/hv7/vsock/3`,
      'refused: it has more than 6 hypervisors, one behind the other',
    ],
    [`${'via/a/'.repeat(17_000)}q:N`, 'refused: it has more than 6 hypervisors, one behind the other'],
    ['via/hv1/vsock\n/3', 'refused: it contains control characters'],
    ['unix:', 'refused: the socket path is empty'],
    ['vsock-mux::22', 'refused: the socket path is empty'],
    ['vsock-mux:/run/v:', 'refused: the port is missing'],
    ['vsock-mux:/v:4294967295', port('4294967295', 'vsock has ports 0 to 4294967294')],
    ['vsock:', 'refused: the CID is missing'],
    ['vsock/3/', cid('3/', 'it is not a number')],
    ['vsock%1/22', 'refused: only a CID can follow; for port 22 use -p, or vsock:1:22'],
    ['vsock:3:', 'refused: the port is missing'],
    ['vsock:3:22:1', port('"22:1"', 'it is not a number')],
    ['vsock:3:4294967295', port('4294967295', 'vsock has ports 0 to 4294967294')],
    ['machine//etc', slash('machine name', '/etc')],
    ['container/', 'refused: the container name is empty'],
    ['hyper-v/', 'refused: the machine name is empty'],
    ['hyper-v/a/b', slash('machine name', 'a/b')],
    [`hyper-v/{${guid}0}`, `refused: "{${guid}0}" is not a GUID: expected 8-4-4-4-12 hexadecimal digits`],
    [`{${guid}`, `refused: "{${guid}" is not a GUID: expected 8-4-4-4-12 hexadecimal digits`],
    [`${guid}}`, `refused: "${guid}}" is not a GUID: expected 8-4-4-4-12 hexadecimal digits`],
    ['wsl/', 'refused: the distribution name is empty'],
    ['qemu/', 'refused: the domain name is empty'],
    ['qemu:system%', 'refused: the domain name is empty'],
    ['hvsock:', 'refused: expected two parts, hvsock:VMID:vsock-PORT or hvsock:VMID:SERVICEID'],
    [
      `hvsock:${guid}:vsock-22:1`,
      'refused: expected two parts, hvsock:VMID:vsock-PORT or hvsock:VMID:SERVICEID',
    ],
    [
      'hvsock:toString:vsock-22',
      'refused: VM id "toString" is neither a GUID nor one of ZERO, BROADCAST, CHILDREN, LOOPBACK, PARENT, SILOHOST',
    ],
    [`hvsock:${guid}:22`, 'refused: service "22" is neither vsock-PORT nor a GUID'],
    [`hvsock:${guid}:vsock-2147483648`, port('2147483648', 'hvsock has ports 0 to 2147483647')],
  ])('$0', (input, want) => {
    expect(understood(input)).toBe(want);
  });

  it('with the form of the kind as a hint, and with all forms if there is none', () => {
    const hint = (text: string) => {
      try {
        parseTarget(text);
      } catch (error) {
        return (error as ConnectError).hint;
      }
      return undefined;
    };
    expect(hint('vsock/x')).toMatch(/^the form is vsock\/CID: /);
    for (const text of ['', 'foo']) {
      expect(hint(text)).toContain(`a target is one of ${kinds.map(({ form }) => form).join(', ')}`);
    }
  });

  it.each([
    [
      '/home/ann/mint.sock',
      'a path has its kind in front: unix/home/ann/mint.sock, or for a multiplexer vsock-mux/home/ann/mint.sock',
    ],
    ['./x y', "a path has its kind in front: 'unix/./x y', or for a multiplexer 'vsock-mux/./x y'"],
    ['../x', /: unix\/\.\/\.\.\/x, /],
    ['mint:22', 'a port is an option, -p 22 mint, or in one word: ssh://mint:22'],
    ['mint:', 'leave out the colon: mint; only scp, sftp and rsync take a path'],
    ['mint:/etc', 'leave out ":/etc": mint; only scp, sftp and rsync take a path'],
    [
      'vm/mint',
      /^a machine by its name has nothing in front: mint, and vmssh list .*; if vm is a source of yours, it is not in \/.*\/vmssh\/sources\.json$/,
    ],
    ['vm%$(id)', /nothing in front: '\$\(id\)', /],
    ['vm/a/b', /^a target is one of /],
    [
      'vsock/4294967295',
      /^it is only for listeners, and systemd prints it in a machine that does not know its own CID; /,
    ],
    ['vsock:any:22', /^it is only for listeners, /],
    ['VSOCK-CONNECT:3:22', 'did you mean "vsock:3:22"?'],
    ['UNIX-CONNECT:/run/X.sock', 'did you mean "unix:/run/X.sock"?'],
    ['HVSOCK-LISTEN:PARENT:vsock-22', /^nothing connects to a listener: vmssh forward TARGET PORT /],
    ['VSOCK-LISTEN:22,fork', /^nothing connects to a listener: /],
  ])('$0, with a hint of its own', (input, hint) => {
    expect(() => parseTarget(input)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        hint: typeof hint === 'string' ? hint : expect.stringMatching(hint),
      }),
    );
  });

  it.each([
    { input: 'vsok/3', want: 'vsock/3' },
    { input: 'Vsocks/3', want: 'vsock/3' },
    { input: 'machne%web', want: 'machine%web' },
    { input: 'machine:web', want: 'machine/web' },
    { input: 'hyperv/Mint 22', want: 'hyper-v/Mint 22' },
    { input: 'quemu:system/web', want: 'qemu:system/web' },
  ])('$input, asking whether $want was meant', ({ input, want }) => {
    expect(() => parseTarget(input)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: `did you mean "${want}"?` }),
    );
  });

  it('quoting what was typed in one printable line', () => {
    const typed = 'vsock/\u202e3\n';
    const message = 'cannot understand "vsock/\\u{202e}3\\x0a": it contains control characters';
    expect(() => parseTarget(typed)).toThrow(expect.objectContaining({ target: typed, message }));
    expect(() => parseTarget(typed)).toThrow(ConnectError);
  });
});
