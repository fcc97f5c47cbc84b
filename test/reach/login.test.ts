import { describe, expect, it } from 'vitest';
import { lookUp, splitLogin, splitUser } from '../../src/reach/login.js';
import { behind } from '../../src/typed/names.js';
import { useIncus } from '../helpers/sockets/peers.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe('splitLogin', () => {
  it.each<{ input: string; user?: string; host: string; port?: string }>([
    { input: 'mint', host: 'mint' },
    { input: 'ann@mint', user: 'ann', host: 'mint' },
    { input: 'ann@vsock/3', user: 'ann', host: 'vsock/3' },
    { input: 'unix/run/a@b.sock', host: 'unix/run/a@b.sock' },
    { input: 'unix%run%a@b.sock', host: 'unix%run%a@b.sock' },
    { input: 'unix:a@b', host: 'unix:a@b' },
    { input: 'ann@unix/run/a@b', user: 'ann', host: 'unix/run/a@b' },
    // As ssh cuts it: at the last one.
    { input: 'CORP\\ann@corp@unix/run/a@b', user: 'CORP\\ann@corp', host: 'unix/run/a@b' },
    { input: 'ann@', user: 'ann', host: '' },
    { input: '@mint', host: '@mint' },
    { input: 'mint:22', host: 'mint:22' },
    { input: 'ssh://mint', host: 'mint' },
    { input: 'SSH://mint/', host: 'mint' },
    { input: 'ssh://ann@mint:2222', user: 'ann', host: 'mint', port: '2222' },
    { input: 'ssh://ann@mint:2222/', user: 'ann', host: 'mint', port: '2222' },
    { input: 'ssh://vsock/3:2222', host: 'vsock/3', port: '2222' },
    { input: 'ssh://vsock:3', host: 'vsock:3' },
    { input: 'ssh://vsock:3:5000', host: 'vsock:3:5000' },
    { input: 'ssh://unix/run/x.sock', host: 'unix/run/x.sock' },
    { input: 'ssh://qemu:session/web:2222', host: 'qemu:session/web', port: '2222' },
    { input: 'ssh://mint:x', host: 'mint:x' },
    { input: 'ssh://', host: '' },
    { input: 'scp://mint', host: 'scp://mint' },
  ])('$input', ({ input, user, host, port }) => expect(splitLogin(input)).toEqual({ user, host, port }));
});

describe('splitUser', () => {
  it('knows no ssh://', () => expect(splitUser('ssh://ann@mint').host).toBe('ssh://ann@mint'));
});

describe('behind', () => {
  it.each([
    ['mint', 'via/hv1/mint'],
    ['ann@mint', 'ann@via/hv1/mint'],
    ['unix%run%a@b', 'via/hv1/unix%run%a@b'],
    ['via/hv2/vsock/3', 'via/hv1/via/hv2/vsock/3'],
    ['ssh://ann@mint:2222', 'ssh://ann@via/hv1/mint:2222'],
    ['', 'via/hv1/'],
  ])('a hypervisor: %j', (typed, want) => expect(behind('hv1', typed)).toBe(want));
});

describe('two instances of one name, in two projects, before any Host is written', () => {
  const dir = useTempDir();
  const of = (project: string, digit: string) => ({
    ...{ name: 'web', project, type: 'container', status: 'Running' },
    config: { 'volatile.uuid': `${digit.repeat(8)}-2222-4333-8444-555555555555` },
  });
  const INCUS_SOCKET = useIncus(dir, [of('default', '1'), of('client.a', '2')]);
  const here = { env: { HOME: dir, INCUS_SOCKET }, platform: 'linux' } as const;
  const error = (typed: string) => lookUp(typed, here).catch(({ message }: Error) => message);

  it('are offered by their projects', async () => {
    const both = '"incus/web-default" or "incus/web-client-a"';
    expect(await error('web')).toMatch(`"web" may be ${both}`);
    expect(await error('web-none')).toMatch('no machine is called web-none');
  });

  it.each(['web-client-a', 'WEB-client-a', 'incus/web-client-a'])('are found by them: %s', async (typed) => {
    const { text, machine } = await lookUp(typed, here);
    expect([text, machine?.uuid?.[0]]).toEqual(['incus/web-client-a', '2']);
  });
});
