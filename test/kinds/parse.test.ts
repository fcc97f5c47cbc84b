import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/kinds/kinds.js';
import { describeTarget } from '../../src/typed/target.js';
import { understood } from './notation.js';

const guid = '90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd';
const other = '0123abcd-4567-89ab-cdef-0123456789ab';
const port22 = '00000016-facb-11e6-bd58-64006a7986d3';

describe('parseTarget understands', () => {
  const host = 'unix path=/run/ssh-unix-local/socket';
  it.each([
    ['.HOST', host],
    ['machine/.hosts', 'machine name=.hosts'],
    ['unix/./x.sock', 'unix path=./x.sock'],
    ['unix/../x.sock', 'unix path=/../x.sock'],
    ['unix/.x.sock', 'unix path=/.x.sock'],
    ['UNIX/run/Foo', 'unix path=/run/Foo'],
    ['unix/a b:c', 'unix path=/a b:c'],
    ['unix/a\u2028b', 'unix path=/a\u2028b'],
    ['unix//', 'unix path=/'],
    ['unix:./x.sock', 'unix path=./x.sock'],
    ['unix:/run/a%b', 'unix path=/run/a%b'],
    ['VIA%Hv-1%vsock%3', 'via host=Hv-1 target=vsock%3 inner=(vsock cid=3)'],
    ['via/hv1/vsock:3:5000', 'via host=hv1 target=vsock:3:5000 inner=(vsock cid=3 port=5000)'],
    ['via/hv1/.host', `via host=hv1 target=.host inner=(${host})`],
    [
      'via%hv1%via%hv2%unix%run%x',
      'via host=hv1 target=via%hv2%unix%run%x inner=(via host=hv2 target=unix%run%x inner=(unix path=/run%x decodedPath=/run/x))',
    ],
    ['unix%run', 'unix path=/run'],
    ['unix/run%x.sock', 'unix path=/run%x.sock decodedPath=/run/x.sock'],
    ['unix%.%x', 'unix path=/.%x decodedPath=./x'],
    ['unix%run/a%b', 'unix path=/run/a%b'],
    ['unix%Run%Foo', 'unix path=/Run%Foo decodedPath=/Run/Foo'],
    ['unix%%', 'unix path=/% decodedPath=/'],
    ['vsock%local', 'vsock cid=1'],
    ['vsock:3', 'vsock cid=3'],
    ['vsock:host:0', 'vsock cid=2 port=0'],
    ['vsock-mux/run/x:22', 'vsock-mux path=/run/x:22'],
    ['vsock-mux:/run/v', 'vsock-mux path=/run/v'],
    ['vsock-mux:/run/a:b/v', 'vsock-mux path=/run/a:b/v'],
    ['vsock-mux:/run/a:b/v:0', 'vsock-mux path=/run/a:b/v port=0'],
    ['vsock-mux:/a\u2028b:1', 'vsock-mux path=/a\u2028b port=1'],
    ['Vsock-Mux:run%V:22', 'vsock-mux path=/run%V decodedPath=/run/V port=22'],
    ['machine%web', 'machine name=web'],
    ['Machine/Web', 'machine name=Web'],
    ['machine/Mü 🐧', 'machine name=Mü 🐧'],
    ['machine/vsock:3', 'machine name=vsock:3'],
    ['container%C1', 'container name=C1'],
    ['container/.host', 'container name=.host'],
    ['hyper-v%Mint 22', 'hyper-v name=Mint 22'],
    [`hyper-v/${guid}`, `hyper-v vmId=${guid}`],
    [guid, `hyper-v vmId=${guid}`],
    [`{${guid}}`, `hyper-v vmId=${guid}`],
    [`hyper-v/${guid}0`, `hyper-v name=${guid}0`],
    ['hyper-v/{a}b', 'hyper-v name={a}b'],
    ['hyper-v/{curly}', 'hyper-v name={curly}'],
    [`hvsock:${guid}:vsock-22`, `hvsock vmId=${guid} serviceId=${port22}`],
    [`hvsock/{${guid}}/VSOCK-22`, `hvsock vmId=${guid} serviceId=${port22}`],
    [`hvsock%${guid}%${other}`, `hvsock vmId=${guid} serviceId=${other}`],
    [`HVSOCK:children:{${other.toUpperCase()}}`, `hvsock vmId=${guid} serviceId=${other}`],
    ['hvsock:Zero:vsock-22', `hvsock vmId=00000000-0000-0000-0000-000000000000 serviceId=${port22}`],
    ['incus/hv1/web', 'incus name=hv1:web'],
    ['incus/hv1%web%b', 'incus name=hv1:web%b'],
    ['lima/hv1%web', 'lima name=hv1%web'],
    ['wsl%Ubuntu-24.04', 'wsl name=Ubuntu-24.04'],
    ['qemu%Web', 'qemu scope=any name=Web'],
    ['qemu:system/web', 'qemu scope=system name=web'],
    ['QEMU:Session%web', 'qemu scope=session name=web'],
    ['qemu/7', 'qemu scope=any name=7'],
  ])('$0', (input, want) => expect(understood(input)).toBe(want));
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

it('a target that a caller changes means the same for the next one', () => {
  for (const text of ['machine/web', 'via/hv1/machine/web']) {
    const target = parseTarget(text);
    const { inner = target } = target as { readonly inner?: object };
    expect(() => Object.assign(inner, { name: 'another' })).toThrow(TypeError);
    expect(describeTarget(parseTarget(text))).toContain('name=web');
  }
});
