import { describe, expect, it } from 'vitest';
import { understood } from './notation.js';

const guid = '90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd';
const other = '0123abcd-4567-89ab-cdef-0123456789ab';
const port22 = '00000016-facb-11e6-bd58-64006a7986d3';

describe('parseTarget understands', () => {
  const host = 'unix path=/run/ssh-unix-local/socket';
  it.each([
    [
      '.host',
      [
        { input: '.host', want: host },
        { input: '.HOST', want: host },
      ],
    ],
    [
      'machine/.host',
      [
        { input: 'machine/.host', want: host },
        { input: 'machine%.host', want: host },
        { input: 'machine/.hosts', want: 'machine name=.hosts' },
      ],
    ],
    [
      'unix',
      [
        { input: 'unix/run/x.sock', want: 'unix path=/run/x.sock' },
        { input: 'unix//run/x.sock', want: 'unix path=/run/x.sock' },
        { input: 'unix/./x.sock', want: 'unix path=./x.sock' },
        { input: 'unix/../x.sock', want: 'unix path=/../x.sock' },
        { input: 'unix/.x.sock', want: 'unix path=/.x.sock' },
        { input: 'unix/run/Foo/Bar.Sock', want: 'unix path=/run/Foo/Bar.Sock' },
        { input: 'UNIX/run/Foo', want: 'unix path=/run/Foo' },
        { input: 'unix/a b:c', want: 'unix path=/a b:c' },
        { input: 'unix/a\u2028b', want: 'unix path=/a\u2028b' },
        { input: 'unix//', want: 'unix path=/' },
        { input: 'unix/x', want: 'unix path=/x' },
        { input: 'unix:/run/x.sock', want: 'unix path=/run/x.sock' },
        { input: 'unix:./x.sock', want: 'unix path=./x.sock' },
        { input: 'unix:/run/a%b', want: 'unix path=/run/a%b' },
      ],
    ],
    [
      'via',
      [
        { input: 'via/hv1/vsock/3', want: 'via host=hv1 target=vsock/3 inner=(vsock cid=3)' },
        { input: 'VIA%Hv-1%vsock%3', want: 'via host=Hv-1 target=vsock%3 inner=(vsock cid=3)' },
        {
          input: 'via/hv1/vsock:3:5000',
          want: 'via host=hv1 target=vsock:3:5000 inner=(vsock cid=3 port=5000)',
        },
        { input: 'via/hv1/mint', want: 'via host=hv1 target=mint' },
        { input: 'via/hv1/.host', want: `via host=hv1 target=.host inner=(${host})` },
        {
          input: 'via%hv1%via%hv2%unix%run%x',
          want: 'via host=hv1 target=via%hv2%unix%run%x inner=(via host=hv2 target=unix%run%x inner=(unix path=/run%x decodedPath=/run/x))',
        },
      ],
    ],
    [
      'unix with a percent',
      [
        { input: 'unix%run', want: 'unix path=/run' },
        { input: 'unix%run%x.sock', want: 'unix path=/run%x.sock decodedPath=/run/x.sock' },
        { input: 'unix/run%x.sock', want: 'unix path=/run%x.sock decodedPath=/run/x.sock' },
        { input: 'unix:run%x.sock', want: 'unix path=/run%x.sock decodedPath=/run/x.sock' },
        { input: 'unix%%run%x', want: 'unix path=/%run%x decodedPath=/run/x' },
        { input: 'unix%.%x', want: 'unix path=/.%x decodedPath=./x' },
        { input: 'unix%run/x', want: 'unix path=/run/x' },
        { input: 'unix%run/a%b', want: 'unix path=/run/a%b' },
        { input: 'unix%/run/a%b', want: 'unix path=/run/a%b' },
        { input: 'unix%Run%Foo', want: 'unix path=/Run%Foo decodedPath=/Run/Foo' },
        { input: 'unix%%', want: 'unix path=/% decodedPath=/' },
      ],
    ],
    [
      'vsock',
      [
        { input: 'vsock/3', want: 'vsock cid=3' },
        { input: 'vsock%3', want: 'vsock cid=3' },
        { input: 'VSOCK/3', want: 'vsock cid=3' },
        { input: 'vsock/0', want: 'vsock cid=0' },
        { input: 'vsock/host', want: 'vsock cid=2' },
        { input: 'vsock%local', want: 'vsock cid=1' },
        { input: 'vsock/Hypervisor', want: 'vsock cid=0' },
        { input: 'vsock/0x10', want: 'vsock cid=16' },
        { input: 'vsock/4294967294', want: 'vsock cid=4294967294' },
        { input: 'vsock:3', want: 'vsock cid=3' },
        { input: 'vsock:3:22', want: 'vsock cid=3 port=22' },
        { input: 'vsock:host:0', want: 'vsock cid=2 port=0' },
        { input: 'vsock:3:4294967294', want: 'vsock cid=3 port=4294967294' },
      ],
    ],
    [
      'vsock-mux',
      [
        { input: 'vsock-mux/run/fc/v.sock', want: 'vsock-mux path=/run/fc/v.sock' },
        { input: 'vsock-mux//run/fc/v.sock', want: 'vsock-mux path=/run/fc/v.sock' },
        { input: 'vsock-mux/./v.sock', want: 'vsock-mux path=./v.sock' },
        { input: 'vsock-mux/run/x:22', want: 'vsock-mux path=/run/x:22' },
        { input: 'vsock-mux%run%V', want: 'vsock-mux path=/run%V decodedPath=/run/V' },
        { input: 'vsock-mux%run/v', want: 'vsock-mux path=/run/v' },
        { input: 'vsock-mux:/run/v', want: 'vsock-mux path=/run/v' },
        { input: 'vsock-mux:/run/v:22', want: 'vsock-mux path=/run/v port=22' },
        { input: 'vsock-mux:/run/a:b/v', want: 'vsock-mux path=/run/a:b/v' },
        { input: 'vsock-mux:/run/a:b/v:0', want: 'vsock-mux path=/run/a:b/v port=0' },
        { input: 'vsock-mux:/a\u2028b:1', want: 'vsock-mux path=/a\u2028b port=1' },
        { input: 'Vsock-Mux:run%V:22', want: 'vsock-mux path=/run%V decodedPath=/run/V port=22' },
      ],
    ],
    [
      'machine and container',
      [
        { input: 'machine/web', want: 'machine name=web' },
        { input: 'machine%web', want: 'machine name=web' },
        { input: 'Machine/Web', want: 'machine name=Web' },
        { input: 'machine/a%b', want: 'machine name=a%b' },
        { input: 'machine/Mü 🐧', want: 'machine name=Mü 🐧' },
        { input: 'machine/vsock:3', want: 'machine name=vsock:3' },
        { input: 'container/c1', want: 'container name=c1' },
        { input: 'container%C1', want: 'container name=C1' },
        { input: 'container/.host', want: 'container name=.host' },
      ],
    ],
    [
      'hyper-v',
      [
        { input: 'hyper-v/mint', want: 'hyper-v name=mint' },
        { input: 'hyper-v%Mint 22', want: 'hyper-v name=Mint 22' },
        { input: `hyper-v/${guid}`, want: `hyper-v vmId=${guid}` },
        { input: `hyper-v%{${guid.toUpperCase()}}`, want: `hyper-v vmId=${guid}` },
        { input: guid, want: `hyper-v vmId=${guid}` },
        { input: `{${guid}}`, want: `hyper-v vmId=${guid}` },
        { input: guid.toUpperCase(), want: `hyper-v vmId=${guid}` },
        { input: `hyper-v/${guid}0`, want: `hyper-v name=${guid}0` },
        { input: 'hyper-v/{a}b', want: 'hyper-v name={a}b' },
        { input: 'hyper-v/a{b}', want: 'hyper-v name=a{b}' },
      ],
    ],
    [
      'hvsock',
      [
        { input: `hvsock:${guid}:vsock-22`, want: `hvsock vmId=${guid} serviceId=${port22}` },
        { input: `hvsock/{${guid}}/VSOCK-22`, want: `hvsock vmId=${guid} serviceId=${port22}` },
        { input: `hvsock%${guid}%${other}`, want: `hvsock vmId=${guid} serviceId=${other}` },
        {
          input: `HVSOCK:children:{${other.toUpperCase()}}`,
          want: `hvsock vmId=${guid} serviceId=${other}`,
        },
        {
          input: 'hvsock:ZERO:vsock-22',
          want: `hvsock vmId=00000000-0000-0000-0000-000000000000 serviceId=${port22}`,
        },
        {
          input: 'hvsock:Loopback:vsock-22',
          want: `hvsock vmId=e0e16197-dd56-4a10-9195-5ee7a155a838 serviceId=${port22}`,
        },
        {
          input: 'hvsock:PARENT:vsock-2147483647',
          want: 'hvsock vmId=a42e7cda-d03f-480c-9cc2-a4de20abb878 serviceId=7fffffff-facb-11e6-bd58-64006a7986d3',
        },
      ],
    ],
    [
      'incus',
      [
        { input: 'incus/web', want: 'incus name=web' },
        { input: 'incus/hv1:web', want: 'incus name=hv1:web' },
        { input: 'incus/hv1/web', want: 'incus name=hv1:web' },
        { input: 'incus%hv1%web', want: 'incus name=hv1:web' },
        { input: 'incus/hv1%web%b', want: 'incus name=hv1:web%b' },
        { input: 'incus/web%', want: 'incus name=web%' },
        { input: 'lima/hv1%web', want: 'lima name=hv1%web' },
      ],
    ],
    [
      'wsl and qemu',
      [
        { input: 'wsl/Debian', want: 'wsl name=Debian' },
        { input: 'wsl%Ubuntu-24.04', want: 'wsl name=Ubuntu-24.04' },
        { input: 'qemu/web', want: 'qemu scope=any name=web' },
        { input: 'qemu%Web', want: 'qemu scope=any name=Web' },
        { input: 'qemu:system/web', want: 'qemu scope=system name=web' },
        { input: 'QEMU:Session%web', want: 'qemu scope=session name=web' },
        { input: 'qemu/7', want: 'qemu scope=any name=7' },
      ],
    ],
  ])('%s', (_kind, rows) => {
    const got = rows.map(({ input }) => ({ input, want: understood(input) }));
    expect(got).toEqual(rows);
  });
});

describe('the length of a socket path', () => {
  const ascii = (bytes: number) => `/${'a'.repeat(bytes - 1)}`;
  const multibyte = (bytes: number) => `/${'ü'.repeat((bytes - 1) / 2)}`;
  it.each([
    { name: '107 bytes', path: ascii(107) },
    { name: '107 bytes of two-byte letters', path: multibyte(107) },
    { name: '107 bytes with a four-byte letter', path: `${ascii(103)}🐧` },
  ])('may be $name', ({ path }) => {
    expect(understood(`unix${path}`)).toBe(`unix path=${path}`);
    expect(understood(`vsock-mux:${path}:1`)).toBe(`vsock-mux path=${path} port=1`);
    expect(understood(`unix/./${path.slice(2)}`)).toBe(`unix path=./${path.slice(2)}`);
  });

  it.each([
    { name: '108 bytes', path: ascii(108), bytes: 108 },
    { name: '109 bytes of two-byte letters', path: multibyte(109), bytes: 109 },
    { name: '108 bytes with a four-byte letter', path: `${ascii(104)}🐧`, bytes: 108 },
  ])('may not be $name', ({ path, bytes }) => {
    const want = `refused: the socket path has ${bytes} bytes and AF_UNIX takes at most 107: ${path}`;
    expect(understood(`unix${path}`)).toBe(want);
    expect(understood(`vsock-mux${path}`)).toBe(want);
    expect(understood(`unix%${path.slice(1).replace('aa', 'a%')}`)).toMatch(/^refused: the socket path has/);
  });

  it('counts the slash that is added in front', () => {
    expect(understood(`unix%${'a'.repeat(106)}`)).toBe(`unix path=/${'a'.repeat(106)}`);
    expect(understood(`unix%${'a'.repeat(107)}`)).toMatch(/^refused: the socket path has 108 bytes/);
  });
});
