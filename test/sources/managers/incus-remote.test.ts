import { describe, expect, it } from 'vitest';
import { parseInstances } from '../../../src/sources/managers/incus.js';
import { findOnRemote } from '../../../src/sources/managers/incus-remote.js';
import { DiscoveryError } from '../../../src/sources/source.js';
import type { RunTool } from '../../../src/sources/tools/run-tool.js';
import { fixture } from '../fixture.js';

const recorded: readonly Readonly<Record<'name' | 'project' | 'location', string>>[] = JSON.parse(
  fixture('incus/incus6.0.4-instances.json'),
).metadata;
/** What `incus list` prints: of one project. */
const instances = recorded.filter(({ project }) => project === 'default');
const worked = 'https://10.0.0.2:8443';
const remotes = {
  ...JSON.parse(fixture('incus/incus6.0.4-remotes.json')),
  several: { Addrs: ['https://10.0.0.1:8443', worked], LastWorkingAddr: worked },
  '-x': { Addr: 'https://[fd00::1]:8443' },
};

/** The outcome by recorded answers of incus; `hostNames`: what ssh's configuration has as HostName. */
async function find(
  remote: string,
  name: string,
  hostNames: Readonly<Record<string, string>> = {},
  list: readonly object[] | DiscoveryError = instances,
  members = fixture('incus/incus6.0.4-cluster-members.json'),
) {
  const asked: string[] = [];
  const run: RunTool = async (program, args) => {
    const what = [program, ...args].join(' ');
    asked.push(what);
    const last = args.at(-1) ?? '';
    if (program === 'ssh') return `user me\nhostname ${hostNames[last] ?? last}\nport 22\n`;
    if (what === 'incus remote list --format json') return JSON.stringify(remotes);
    if (what.startsWith('incus cluster list --format json -- ')) return members;
    if (!what.startsWith('incus list --format json -- ')) throw new Error(what);
    if (list instanceof DiscoveryError) throw list;
    return JSON.stringify(list);
  };
  const here = { name: 'here', target: 'incus/here', status: 'running', provider: 'incus' } as const;
  const local = { parse: parseInstances, list: async () => ({ found: [here], warnings: [] }) };
  return { asked, ...(await findOnRemote(remote, name, { env: {} }, local, run)) };
}

describe('an instance on a remote of Incus', () => {
  it('is asked for by incus, and is behind the host in the address of the remote', async () => {
    const known = { name: 'hv1:vm', target: 'via/127.0.0.1/incus/vm', via: '127.0.0.1' };
    expect(await find('hv1', 'vm')).toMatchObject({
      outcome: 'found',
      machine: { ...known, status: 'running', cid: 2661586547 },
      asked: ['incus remote list --format json', 'incus list --format json -- hv1:', 'ssh -G -- hv1'],
    });
  });

  it.each([
    { name: 'the remote’s, if ssh’s configuration has it', known: { hv1: 'hv1.lan' }, want: 'hv1' },
    { name: 'the remote’s, if that is the same address', known: { hv1: '127.0.0.1' }, want: 'hv1' },
    { name: 'that of the address which worked last', remote: 'several', want: '10.0.0.2' },
  ])('is behind a host by $name', async ({ remote = 'hv1', known = {}, want }) => {
    expect(await find(remote, 'vm', known)).toMatchObject({ machine: { via: want } });
  });

  it('is behind the member of a cluster that runs it', async () => {
    const list = instances.map((each, at) => ({ ...each, location: at % 2 ? 'hv2' : 'hv1' }));
    const where = async (name: string, known = {}) => {
      const search = await find('hv1', name, known, list);
      return search.outcome === 'found' && search.machine.target;
    };
    expect(await where('db')).toBe('via/10.0.0.5/incus/db');
    expect(await where('lonely')).toBe('via/10.0.0.6/incus/lonely');
    expect(await where('lonely', { hv2: '10.0.0.6' })).toBe('via/hv2/incus/lonely');
  });

  // Each question is an ssh. They were all asked at once, one for every instance on a member that nobody knows.
  it('has ssh asked only for its own host, however many others the remote reports', async () => {
    const list = instances.flatMap((each) =>
      Array.from({ length: 500 }, (_, at) => ({ ...each, name: `${each.name}${at}`, location: `x${at}` })),
    );
    const { asked, ...search } = await find('hv1', 'vm7', {}, list);
    expect(search).toMatchObject({ outcome: 'found', machine: { via: '127.0.0.1' } });
    expect(asked.filter((what) => what.startsWith('ssh '))).toEqual(['ssh -G -- hv1']);
  });

  it('is behind no host of the user that the remote names and that is not of its cluster', async () => {
    const known = { 'prod-db': 'db.example', hv2: 'hv2.example' };
    expect(await find('hv1', 'vm', known, on('prod-db'))).toMatchObject({ machine: { via: '127.0.0.1' } });
    expect(await find('hv1', 'vm', known, on('hv2'))).toMatchObject({ machine: { via: '10.0.0.6' } });
  });

  const localhost = ['localhost', 'a.localhost', '127.0.0.1', '127.1', '0', '169.254.1.1'];
  const on = (location: string) => instances.map((each) => ({ ...each, location }));

  it.each([...['prod-db', 'PROD-DB', '-oProxyCommand=x', ...localhost]])(
    'is not behind %s, which is no address of a member',
    async (host) => {
      const members = JSON.stringify([{ server_name: 'hv2', url: `https://${host}:8443` }]);
      const known = { 'prod-db': 'db.example', 'PROD-DB': 'db.example' };
      expect(await find('hv1', 'vm', known, on('hv2'), members)).toMatchObject({
        outcome: 'unavailable',
        problem: `its member "hv2" has no address for ssh: "https://${host}:8443"`,
      });
    },
  );

  it('is behind a member with a name that is in no configuration', async () => {
    const members = JSON.stringify([{ server_name: 'hv2', url: 'https://hv2.lan:8443' }]);
    expect(await find('hv1', 'vm', {}, on('hv2'), members)).toMatchObject({ machine: { via: 'hv2.lan' } });
  });

  it('is on this host if the remote is', async () => {
    const found = { outcome: 'found', machine: { target: 'incus/here' } };
    expect(await find('local', 'here')).toMatchObject(found);
  });

  it.each([
    { name: 'unknown', remote: 'hv9', problem: 'it has no remote "hv9", but "hv1", "images", "local"' },
    { name: 'a name of every object', remote: 'constructor', problem: 'it has no remote "constructor"' },
    { name: 'one of images', remote: 'images', problem: 'its remote "images" has images, not machines' },
  ])('is refused by a remote that is $name', async ({ remote, problem }) => {
    const refused = { outcome: 'unavailable', problem: expect.stringContaining(problem) };
    expect(await find(remote, 'vm')).toMatchObject({ ...refused, asked: { length: 1 } });
  });

  it('is unknown, with the names that are there', async () => {
    const known = ['hv1:db', 'hv1:lonely', 'hv1:vm', 'hv1:web'];
    expect(await find('hv1', 'wep')).toMatchObject({ outcome: 'unknown', known });
  });

  it('has the words of incus if it fails, and how to do without it', async () => {
    const failed = new DiscoveryError('FAILED', 'incus: Error: connection refused');
    expect(await find('hv1', 'vm', {}, failed)).toMatchObject({
      outcome: 'unavailable',
      problem: 'incus: Error: connection refused',
      hint: 'see what this prints: incus list hv1:',
    });
    const missing = new DiscoveryError('ENOENT', 'incus could not be run');
    const hint = 'install incus-client, or without it: ssh via/HOST/incus/vm';
    expect(await find('hv1', 'vm', {}, missing)).toMatchObject({ hint });
  });
});
