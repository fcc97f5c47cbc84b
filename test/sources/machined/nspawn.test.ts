import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Fs, listExports, nspawn } from '../../../src/sources/machined/nspawn.js';
import { searchSource } from '../../../src/sources/search.js';
import type { Deps } from '../../../src/sources/source.js';
import { authorityOf } from '../../../src/sources/trusted-path.js';
import { routeBy } from '../../../src/typed/route.js';
import { usePeerFolder } from './varlink-peer.js';

const folder = usePeerFolder();
let deps: Deps;
beforeEach(() => {
  deps = { env: { XDG_RUNTIME_DIR: `${folder.path}/user` }, runDir: `${folder.path}/run` };
});

const forms = [
  { name: "systemd 262's, of the user", path: 'user/systemd/nspawn/c1/unix-export/ssh' },
  { name: "systemd 257's, of the user", path: 'user/systemd/nspawn/unix-export/c1/ssh' },
  { name: "systemd 262's", path: 'run/systemd/nspawn/c1/unix-export/ssh' },
  { name: "systemd 257's", path: 'run/systemd/nspawn/unix-export/c1/ssh' },
];
const v262 = (name: string) => `run/systemd/nspawn/${name}/unix-export/ssh`;
const v257 = (name: string) => `run/systemd/nspawn/unix-export/${name}/ssh`;
const put = (...paths: string[]) => Promise.all(paths.map((path) => folder.abandon(path)));

const leadsTo = (path = '') => ({ routes: [{ endpoint: { family: 'unix', path } }] });
/** As `container/NAME` does. */
const find = (name: string, at = deps) => searchSource(nspawn, name, at);

describe('an export', () => {
  const rows = forms.flatMap((form) => [
    { ...form, as: 'c1', other: 'C1' },
    { ...form, as: 'C1', other: 'other' },
  ]);
  it.each(rows)('finds $name as $as', async ({ path, as, other }) => {
    const [want] = await put(path, v262(other), v257('c2'));
    expect(await find(as)).toMatchObject({
      outcome: 'found',
      machine: {
        name: 'c1',
        ...leadsTo(want),
        authority: path.startsWith('user') ? authorityOf() : undefined,
      },
      warnings: [],
    });
  });

  it.each(forms.slice(1).map((form, at) => ({ ...form, before: forms[at] })))(
    'takes the one before $name first',
    async ({ path, before }) => {
      const [, want] = await put(path, before?.path ?? '');
      expect(await find('c1')).toMatchObject({ machine: leadsTo(want) });
    },
  );

  it('reports a folder that cannot be read, except the one that never can', async () => {
    const path = '/run/systemd/nspawn/c1/unix-export/ssh';
    const closed = (name: string) => `/run/systemd/nspawn/${name}/unix-export/ssh`;
    const fs = fakeFs(
      { '/run/systemd/nspawn': ['propagate', 'locks', 'c1'] },
      { [path]: 'EACCES', [closed('propagate')]: 'EACCES', [closed('locks')]: 'EACCES' },
    );
    const warnings = [{ provider: 'nspawn', code: 'EACCES', problem: `cannot read ${path}` }];
    expect(await listExports({ env: {} }, fs)).toEqual({ found: [], warnings });
  });

  it.each(forms)('does not follow a link that the container made in place of $name', async ({ path }) => {
    const [other] = await put(v262('other'));
    const link = `${folder.path}/${path}`;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(other ?? '', link);
    const problem = `${link} is a symbolic link, which the container made: not followed`;
    const warnings = [{ provider: 'nspawn', code: 'LINK', problem }];
    const unknown = { outcome: 'unknown', known: ['other'], warnings };
    expect(await find('c1')).toMatchObject(unknown);
    expect((await nspawn.list(deps)).warnings).toEqual(warnings);
  });

  it('has no use for a socket whose path is too long, and has the others', async () => {
    const name = 'c'.repeat(100);
    await put('run/systemd/nspawn/c/unix-export/ssh');
    renameSync(`${folder.path}/run/systemd/nspawn/c`, `${folder.path}/run/systemd/nspawn/${name}`);
    await put(v262('other'));
    const want = { code: 'INCOMPLETE', problem: expect.stringMatching(/^the socket path has \d+ bytes/) };
    const { found, warnings } = await nspawn.list(deps);
    expect(found).toMatchObject([{ name: 'other' }]);
    expect(warnings).toMatchObject([want]);
    const unknown = { outcome: 'unknown', known: ['other'], warnings: [want] };
    expect(await find(name)).toMatchObject(unknown);
  });

  it('follows links above what the container can write', async () => {
    await put(v262('c1'));
    symlinkSync('run', `${folder.path}/var`);
    const path = `${folder.path}/var/systemd/nspawn/c1/unix-export/ssh`;
    const through = { ...deps, runDir: `${folder.path}/var` };
    expect(await find('c1', through)).toMatchObject({ outcome: 'found', machine: leadsTo(path) });
  });
});

describe('listExports', () => {
  it('lists each name once, without nspawn’s own folders and files that are not sockets', async () => {
    await put(v262('a'), v262('propagate'), v257('a'), v257('unix-export'), v257('b'));
    await put('user/systemd/nspawn/b/unix-export/ssh', 'run/systemd/nspawn/c/unix-export/ssh/below');
    const { found } = await listExports(deps);
    expect(found).toMatchObject([
      { name: 'b', ...leadsTo(`${folder.path}/user/systemd/nspawn/b/unix-export/ssh`) },
      { name: 'a', ...leadsTo(`${folder.path}/${v262('a')}`) },
      { name: 'unix-export', ...leadsTo(`${folder.path}/${v257('unix-export')}`) },
    ]);
  });

  it('gives nothing if nspawn never ran', async () => {
    expect(await listExports(deps)).toEqual({ found: [], warnings: [] });
  });
});

describe('nspawn', () => {
  it('lists what to type', async () => {
    const [path = ''] = await put(v262('c1'));
    const routes = [routeBy({ family: 'unix', path }, [`container "c1" exports ${path}`])];
    const want = { name: 'c1', target: 'container/c1', status: 'unknown', provider: 'nspawn', routes };
    expect(await nspawn.list(deps)).toEqual({ found: [want], warnings: [] });
  });
});

/** Folders with their entries, and errors by path; there are no sockets. */
function fakeFs(folders: Record<string, string[]>, errors: Record<string, string> = {}): Fs {
  const fail = async (path: string) => {
    throw Object.assign(new Error(path), { code: errors[path] ?? 'ENOENT' });
  };
  return { readdir: async (path) => folders[path] ?? fail(path), lstat: fail };
}
