import { describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/errors.js';
import { kinds } from '../../src/kinds/kinds.js';
import { parseTarget } from '../../src/kinds/parse.js';
import { understood } from './notation.js';

const guid = '90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd';

describe('parseTarget refuses', () => {
  const unknown = 'refused: unknown kind of target';
  const scope = 'refused: expected system or session after "qemu:", and a name after that';
  const cid = (text: string, why: string) => `refused: CID ${JSON.stringify(text)} cannot be used: ${why}`;
  const port = (text: string, why: string) => `refused: port ${text} cannot be used: ${why}`;
  const slash = (what: string, text: string) => `refused: the ${what} contains a slash: "${text}"`;
  it.each([
    { input: '', want: 'refused: the target is empty' },
    { input: 'unix/a\0b', want: 'refused: it contains control characters' },
    { input: 'vsock/3\n', want: 'refused: it contains control characters' },
    { input: '\x1b[31mvsock/3', want: 'refused: it contains control characters' },
    { input: 'machine/a\x7f', want: 'refused: it contains control characters' },
    { input: 'machine/a\u0085', want: 'refused: it contains control characters' },
    { input: 'foo', want: unknown },
    { input: 'example.com', want: unknown },
    { input: 'vsock', want: unknown },
    { input: 'unix', want: unknown },
    { input: 'vsock-mux', want: unknown },
    { input: 'machine', want: unknown },
    { input: 'vsocks/3', want: unknown },
    { input: ' vsock/3', want: unknown },
    { input: 'vsock,3', want: unknown },
    { input: 'machine:web', want: unknown },
    { input: 'hyper-v:mint', want: unknown },
    { input: 'qemu:other/web', want: scope },
    { input: 'qemu:system', want: scope },
    { input: 'qemu:system:web', want: scope },
    { input: guid.slice(1), want: unknown },
    { input: `${guid}x`, want: unknown },
    { input: `x${guid}`, want: unknown },
    { input: guid.replaceAll('-', ''), want: unknown },
    { input: '.host/x', want: unknown },
    { input: 'via/hv1', want: 'refused: a target or a name must follow the hypervisor' },
    { input: 'via//vsock/3', want: 'refused: the name of the hypervisor is empty' },
    { input: 'via/hv1/', want: 'refused: the target after the hypervisor is empty' },
    {
      input: 'via/-oProxyCommand=x/vsock/3',
      want: 'refused: the name of a hypervisor cannot begin with "-": "-oProxyCommand=x"',
    },
    {
      input: 'via/root@hv1/vsock/3',
      want: 'refused: a user does not fit here: "root@hv1"; give its Host a User in ~/.ssh/config',
    },
    { input: 'via/hv1;id/vsock/3', want: 'refused: ssh does not take "hv1;id" as a host' },
    { input: 'via/hv1/vsok/3', want: 'refused: unknown kind of target: "vsok/3"' },
    {
      input: 'via/hv1/via/-x/vsock/3',
      want: 'refused: the name of a hypervisor cannot begin with "-": "-x"',
    },
    { input: 'via/hv1/via%hv2/vsok/3', want: 'refused: unknown kind of target: "vsok/3"' },
    { input: 'via/hv1/via/hv2', want: 'refused: a target or a name must follow the hypervisor' },
    {
      input: `${'via/hv1/Via%hv2%'.repeat(3)}via/hv7/vsock/3`,
      want: 'refused: it has more than 6 hypervisors, one behind the other',
    },
    {
      input: `${'via/a/'.repeat(17_000)}q:N`,
      want: 'refused: it has more than 6 hypervisors, one behind the other',
    },
    { input: 'via/hv1/vsock\n/3', want: 'refused: it contains control characters' },
    { input: 'unix/', want: 'refused: the socket path is empty' },
    { input: 'unix%', want: 'refused: the socket path is empty' },
    { input: 'unix:', want: 'refused: the socket path is empty' },
    { input: 'vsock-mux/', want: 'refused: the socket path is empty' },
    { input: 'vsock-mux%', want: 'refused: the socket path is empty' },
    { input: 'vsock-mux:', want: 'refused: the socket path is empty' },
    { input: 'vsock-mux::22', want: 'refused: the socket path is empty' },
    { input: 'vsock-mux:/run/v:', want: 'refused: the port is missing' },
    { input: 'vsock-mux:/run/v:x', want: port('"x"', 'it is not a number') },
    { input: 'vsock-mux:/v:4294967295', want: port('4294967295', 'vsock has ports 0 to 4294967294') },
    { input: 'vsock/', want: 'refused: the CID is missing' },
    { input: 'vsock%', want: 'refused: the CID is missing' },
    { input: 'vsock:', want: 'refused: the CID is missing' },
    { input: 'vsock::22', want: 'refused: the CID is missing' },
    { input: 'vsock/foo', want: cid('foo', 'it is not a number') },
    { input: 'vsock/3/', want: cid('3/', 'it is not a number') },
    { input: 'vsock/4294967296', want: cid('4294967296', 'it is over 4294967295') },
    {
      input: 'vsock/any',
      want: 'refused: CID "any" means any machine and cannot be connected to',
    },
    { input: 'vsock/-1', want: 'refused: CID "-1" means any machine and cannot be connected to' },
    {
      input: 'vsock%4294967295',
      want: 'refused: CID "4294967295" means any machine and cannot be connected to',
    },
    {
      input: 'vsock/1%22',
      want: 'refused: only a CID can follow; for port 22 use -p, or vsock:1:22',
    },
    {
      input: 'vsock%1/22',
      want: 'refused: only a CID can follow; for port 22 use -p, or vsock:1:22',
    },
    { input: 'vsock:3:', want: 'refused: the port is missing' },
    { input: 'vsock:3:-1', want: port('"-1"', 'it is negative') },
    { input: 'vsock:3:ssh', want: port('"ssh"', 'it is not a number') },
    { input: 'vsock:3:22:1', want: port('"22:1"', 'it is not a number') },
    { input: 'vsock:3:4294967295', want: port('4294967295', 'vsock has ports 0 to 4294967294') },
    { input: 'machine/', want: 'refused: the machine name is empty' },
    { input: 'machine%', want: 'refused: the machine name is empty' },
    { input: 'machine/.', want: 'refused: the machine name is "."' },
    { input: 'machine/..', want: 'refused: the machine name is ".."' },
    { input: 'machine//etc', want: slash('machine name', '/etc') },
    { input: 'container/', want: 'refused: the container name is empty' },
    { input: 'container/../x', want: slash('container name', '../x') },
    { input: 'hyper-v/', want: 'refused: the machine name is empty' },
    { input: 'hyper-v/a/b', want: slash('machine name', 'a/b') },
    {
      input: `hyper-v/{${guid}0}`,
      want: `refused: "{${guid}0}" is not a GUID: expected 8-4-4-4-12 hexadecimal digits`,
    },
    { input: `{${guid}`, want: `refused: "{${guid}" is not a GUID: expected 8-4-4-4-12 hexadecimal digits` },
    { input: `${guid}}`, want: `refused: "${guid}}" is not a GUID: expected 8-4-4-4-12 hexadecimal digits` },
    { input: 'wsl/', want: 'refused: the distribution name is empty' },
    { input: 'qemu/', want: 'refused: the domain name is empty' },
    { input: 'qemu:system%', want: 'refused: the domain name is empty' },
    {
      input: 'hvsock:',
      want: 'refused: expected two parts, hvsock:VMID:vsock-PORT or hvsock:VMID:SERVICEID',
    },
    {
      input: `hvsock:${guid}`,
      want: 'refused: expected two parts, hvsock:VMID:vsock-PORT or hvsock:VMID:SERVICEID',
    },
    {
      input: `hvsock:${guid}:vsock-22:1`,
      want: 'refused: expected two parts, hvsock:VMID:vsock-PORT or hvsock:VMID:SERVICEID',
    },
    {
      input: 'hvsock:mint:vsock-22',
      want: 'refused: VM id "mint" is neither a GUID nor one of ZERO, BROADCAST, CHILDREN, LOOPBACK, PARENT, SILOHOST',
    },
    {
      input: 'hvsock:toString:vsock-22',
      want: 'refused: VM id "toString" is neither a GUID nor one of ZERO, BROADCAST, CHILDREN, LOOPBACK, PARENT, SILOHOST',
    },
    { input: `hvsock:${guid}:22`, want: 'refused: service "22" is neither vsock-PORT nor a GUID' },
    {
      input: `hvsock:${guid}:xvsock-22`,
      want: 'refused: service "xvsock-22" is neither vsock-PORT nor a GUID',
    },
    { input: `hvsock:${guid}:vsock-`, want: 'refused: the port is missing' },
    {
      input: `hvsock:${guid}:vsock-2147483648`,
      want: port('2147483648', 'hvsock has ports 0 to 2147483647'),
    },
  ])('$input', ({ input, want }) => {
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
    {
      input: '/home/ann/mint.sock',
      hint: 'a path has its kind in front: unix/home/ann/mint.sock, or for a multiplexer vsock-mux/home/ann/mint.sock',
    },
    {
      input: './x y',
      hint: "a path has its kind in front: 'unix/./x y', or for a multiplexer 'vsock-mux/./x y'",
    },
    { input: '../x', hint: /: unix\/\.\/\.\.\/x, / },
    { input: 'mint:22', hint: 'a port is an option, -p 22 mint, or in one word: ssh://mint:22' },
    { input: 'mint:', hint: 'leave out the colon: mint; only scp, sftp and rsync take a path' },
    { input: 'mint:/etc', hint: 'leave out ":/etc": mint; only scp, sftp and rsync take a path' },
    { input: 'vm/mint', hint: /^a machine by its name has nothing in front: mint; vmssh list / },
    { input: 'vm%$(id)', hint: /nothing in front: '\$\(id\)'; / },
    { input: 'vm/a/b', hint: /^a target is one of / },
    {
      input: 'vsock/4294967295',
      hint: /^it is only for listeners, and systemd prints it in a machine that does not know its own CID; /,
    },
    { input: 'vsock:any:22', hint: /^it is only for listeners, / },
    { input: 'VSOCK-CONNECT:3:22', hint: 'did you mean "vsock:3:22"?' },
    { input: 'UNIX-CONNECT:/run/X.sock', hint: 'did you mean "unix:/run/X.sock"?' },
    {
      input: 'HVSOCK-LISTEN:PARENT:vsock-22',
      hint: /^nothing connects to a listener: vmssh forward TARGET PORT /,
    },
    { input: 'VSOCK-LISTEN:22,fork', hint: /^nothing connects to a listener: / },
  ])('$input, with a hint of its own', ({ input, hint }) => {
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
