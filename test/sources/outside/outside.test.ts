import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { everyEntry } from '../../../src/sources/here.js';
import { listAll } from '../../../src/sources/list-all.js';
import { mergeMachines } from '../../../src/sources/merge.js';
import type { OutsideLine } from '../../../src/sources/outside/file.js';
import { outsideSource } from '../../../src/sources/outside/outside.js';
import { machinesIn } from '../../../src/sources/outside/rows.js';
import { searchSource } from '../../../src/sources/search.js';
import type { Source } from '../../../src/sources/source.js';
import { sources } from '../../../src/sources/sources.js';
import { missingRoot, otherUser } from '../../helpers/other-user.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const deps = { env: { PATH: process.env.PATH } };
const file = join(dir, 'sources.json');
const beside: Source = {
  name: 'beside',
  title: 'Beside',
  list: async () => ({
    found: [{ name: 'db', target: 'beside/db', status: 'running', provider: 'beside' }],
    warnings: [],
  }),
};

/** A source whose program is a shell script of these lines. */
function scripted(script: string, more: Partial<OutsideLine> = {}): Source {
  writeFileSync(file, '{}');
  const program = join(dir, `machines-${Math.random()}`);
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  return outsideSource({
    name: 'mine',
    file,
    command: [program, 'first'],
    find: false,
    start: false,
    ...more,
  });
}

const print = (...rows: readonly object[]) => `printf %s '${JSON.stringify({ version: 1, machines: rows })}'`;
const web = { name: 'web', status: 'running', address: 'vsock/3' };

describe('a source', () => {
  it('runs its program with its arguments, and no shell', async () => {
    const source = scripted(`[ "$*" = "first list" ] && ${print(web)}`);
    expect(await source.list(deps)).toMatchObject({ found: [{ target: 'mine/web' }], warnings: [] });
    const odd = scripted('echo "$#:$3:$4" >&2; exit 1', { find: true });
    const search = await searchSource(odd, '-x; id $(id)', deps);
    expect(search).toMatchObject({
      outcome: 'unavailable',
      problem: expect.stringContaining('4:--:-x; id $(id)'),
    });
  });

  it('finds a machine by its own search, if its line says so', async () => {
    const source = scripted(`case $2 in find) ${print({ ...web, name: 'web-1' })} ;; *) exit 1 ;; esac`, {
      find: true,
    });
    expect(await searchSource(source, 'web', deps)).toMatchObject({
      outcome: 'found',
      machine: { target: 'mine/web-1' },
    });
    const none = scripted(print(), { find: true });
    expect(await searchSource(none, 'web', deps)).toMatchObject({ outcome: 'unknown' });
    const two = scripted(print(web, { ...web, name: 'web-2' }), { find: true });
    expect(await searchSource(two, 'web', deps)).toMatchObject({
      outcome: 'ambiguous',
      means: ['mine/web', 'mine/web-2'],
    });
  });

  it('starts a machine, if its line says so', async () => {
    const machine = { name: '-f', target: 'mine/-f', status: 'off', provider: 'mine' } as const;
    expect(scripted('').start).toBeUndefined();
    expect(await scripted('', { start: true }).start?.(machine, {})).toEqual({
      machine: '-f',
      command: [expect.stringContaining('/machines-'), 'first', 'start', '--', '-f'],
    });
  });
});

describe('a hostile source costs its own machines only', () => {
  it.each([
    { name: 'hangs', script: 'sleep 1000 & sleep 1000', code: 'TIMEOUT' },
    {
      name: 'ignores all signals',
      script: 'trap "" TERM INT HUP; while :; do sleep 1; done',
      code: 'TIMEOUT',
    },
    { name: 'floods stdout', script: 'yes', code: 'PROTOCOL' },
    { name: 'floods stderr', script: 'yes >&2', code: 'PROTOCOL' },
    { name: 'fails', script: 'echo "no \u001b[31mkey" >&2; exit 3', code: 'FAILED' },
    { name: 'kills itself', script: 'kill -9 $$', code: 'FAILED' },
    { name: 'prints nothing', script: '', code: 'PROTOCOL' },
    {
      name: 'prints half of it',
      script: `printf '{"version":1,"machines":[{"name":"web"'`,
      code: 'PROTOCOL',
    },
    { name: 'prints brackets', script: 'head -c 100000 /dev/zero | tr "\\0" "["', code: 'PROTOCOL' },
    { name: 'prints garbage and exits with 0', script: 'head -c 5000 /dev/urandom', code: 'PROTOCOL' },
    { name: 'prints another version', script: `echo '{"version":1e999,"machines":[]}'`, code: 'PROTOCOL' },
    {
      name: 'prints nested rows',
      script: `printf '{"version":1,"machines":['; head -c 9000 /dev/zero | tr "\\0" "["`,
      code: 'PROTOCOL',
    },
    {
      name: 'has fields of no prototype',
      script: `echo '{"version":1,"machines":[{"__proto__":{"name":"x","status":"running"}},{"constructor":7}]}'`,
      code: 'LEFT_OUT',
    },
    { name: 'has an odd row', script: print({ ...web, name: 'a\nHost *' }), code: 'LEFT_OUT' },
  ])('that $name', async ({ script, code }) => {
    const { machines, warnings } = await listAll(
      deps,
      [scripted(script), beside],
      code === 'TIMEOUT' ? 2000 : 60_000,
    );
    expect(machines.map(({ target }) => target)).toEqual(['beside/db']);
    expect(warnings).toMatchObject([{ provider: 'mine', code }]);
  });

  it('that leaves a process with its output, is not waited for', async () => {
    const { machines, warnings } = await listAll(deps, [
      scripted(`${print(web)}; sleep 60 & echo $! >${dir}/pid`),
    ]);
    process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')));
    expect(machines.map(({ target }) => target)).toEqual(['mine/web']);
    expect(warnings).toEqual([]);
  });

  it('that names a field twice has the last one, whatever it was checked to be', async () => {
    const row = '{"name":"web","status":"running","name":"../x","address":"vsock/3","address":"vsock/2"}';
    const { machines } = await listAll(deps, [scripted(`echo '{"version":1,"machines":[${row}]}'`)]);
    expect(machines).toEqual([]);
  });

  it('that is asked where files of others lie does not run there', async () => {
    const own = scripted('pwd >&2; exit 1');
    await expect(own.list(deps)).rejects.toThrow(/machines-[\d.]+: \/$/);
  });

  it('with a program that is not there', async () => {
    writeFileSync(file, '{}');
    const line = { name: 'mine', file, command: [join(dir, 'none')], find: false, start: false };
    const { machines, warnings } = await listAll(deps, [outsideSource(line), beside]);
    expect(machines).toHaveLength(1);
    expect(warnings).toMatchObject([{ provider: 'mine', code: 'ENOENT' }]);
  });

  it('with a line that cannot be used', async () => {
    const { warnings } = await listAll(deps, [scripted('', { wrong: 'its "command" is none' })]);
    expect(warnings).toMatchObject([{ provider: 'mine', problem: `${file}: its "command" is none` }]);
  });

  it('that says it has the machine of another source', async () => {
    const uuid = '11111111-2222-4333-8444-555555555555';
    const known = {
      name: 'web',
      target: 'qemu/web',
      status: 'running',
      provider: 'libvirt',
      uuid,
      cid: 3,
      pid: 7,
    } as const;
    const rows = JSON.stringify({ version: 1, machines: [{ ...web, uuid, cid: 3, pid: 7 }] });
    const { found } = machinesIn({ name: 'mine' }, rows);
    const merged = mergeMachines([known, { ...known, authority: 'user', pid: 8 }, ...found]);
    expect(merged.map(({ target }) => target)).toContain('mine/web');
    expect(merged.flatMap(({ also }) => also)).not.toContain('mine/web');
  });
});

describe('a program is run only if nobody else can have changed it', () => {
  it.each(['file', 'program', 'folder'] as const)('nor its %s', async (what) => {
    const folder = join(dir, `keys-${what}`);
    mkdirSync(folder);
    writeFileSync(file, '{}');
    const ran = join(dir, `ran-${what}`);
    const program = join(dir, `program-${what}`);
    writeFileSync(program, `#!/bin/sh\n: > ${ran}\n`, { mode: 0o755 });
    const line = { name: 'mine', file, command: [program], find: true, start: false, folder };
    const changed = { file, program, folder }[what];
    const who = async (path: string) => (path === changed ? 'user 1001' : undefined);
    const source = outsideSource(line, () => Promise.reject(new Error('it ran')), who);
    await expect(source.list(deps)).rejects.toMatchObject({
      code: 'UNTRUSTED',
      final: true,
      message: `${changed} is not used: user 1001 can change it`,
    });
    expect(await searchSource(source, 'web', deps)).toMatchObject({ outcome: 'unavailable', final: true });
  });

  /** A new file in a folder of this mode. */
  const fileIn = (folderMode: number, mode = 0o755, text = '#!/bin/sh\n') => {
    const folder = join(dir, `folder-${Math.random()}`);
    mkdirSync(folder);
    const path = join(folder, 'machines');
    writeFileSync(path, text);
    chmodSync(path, mode);
    chmodSync(folder, folderMode);
    return path;
  };
  const linkTo = (to: string, folderMode = 0o755) => {
    const link = join(dirname(fileIn(folderMode)), 'link');
    symlinkSync(to, link);
    return link;
  };
  const lists = (command: readonly string[], more: Partial<OutsideLine> = {}) => {
    if (!existsSync(file)) writeFileSync(file, '{}');
    return outsideSource({ name: 'mine', file, command, find: false, start: false, ...more }).list(deps);
  };

  it.each<{ what: string; command: () => readonly string[] }>([
    { what: 'a program for all to write', command: () => [fileIn(0o755, 0o777)] },
    { what: 'a folder for all to write', command: () => [fileIn(0o777)] },
    { what: 'a missing program that anybody can make', command: () => [join(dirname(fileIn(0o1777)), 'x')] },
    { what: 'a link in a folder for all', command: () => [linkTo(fileIn(0o755), 0o777)] },
    {
      what: 'a link to a link in a folder for all',
      command: () => [linkTo(linkTo(fileIn(0o755), 0o777))],
    },
    { what: 'a script for all to write', command: () => ['/bin/sh', fileIn(0o755, 0o666)] },
    {
      what: 'a missing script that anybody can make',
      command: () => ['/bin/sh', '-e', join(dirname(fileIn(0o1777)), 'x')],
    },
  ])('not $what', async ({ command }) => {
    await expect(lists(command())).rejects.toMatchObject({ code: 'UNTRUSTED' });
  });

  it('also one in a sticky folder, and with a folder for all as its argument', async () => {
    const program = fileIn(0o1777, 0o755, `#!/bin/sh\n${print(web)}\n`);
    expect((await lists([program, dirname(fileIn(0o777))])).found).toHaveLength(1);
  });

  it.skipIf(missingRoot('what root runs'))("of root, not a user's", async () => {
    const uid = otherUser.uid ?? 0;
    const program = fileIn(0o755);
    chownSync(program, uid, uid);
    await expect(lists([program])).rejects.toMatchObject({
      message: `${program} is not used: user ${uid} can change it`,
    });
    await expect(lists(['/bin/sh', program])).rejects.toMatchObject({ code: 'UNTRUSTED' });
    const theirs = fileIn(0o755, 0o644, '{}');
    chownSync(dirname(theirs), uid, uid);
    await expect(lists(['/bin/true'], { file: theirs })).rejects.toMatchObject({ code: 'UNTRUSTED' });
  });

  it('nor a program that a row names as its route', async () => {
    const open = fileIn(0o777);
    const route = (program: string) => ({ ...web, routes: [{ command: [program] }] });
    const rows = [
      web,
      { ...route(open), name: 'a' },
      { ...route(open), name: 'b' },
      { ...route('/bin/cat'), name: 'c' },
    ];
    const { found, warnings } = await scripted(print(...rows)).list(deps);
    expect(found.map(({ name }) => name)).toEqual(['web', 'c']);
    expect(warnings).toEqual([
      {
        ...{ provider: 'mine', code: 'FOREIGN' },
        problem: `2 of its machines cannot be shown: any user can change ${open}, which is their route`,
      },
    ]);
  });

  it('nor a key of a row that lies elsewhere, or in a folder for all', async () => {
    const folder = join(dir, 'keys');
    const secret = fileIn(0o755, 0o600);
    for (const name of ['', 'own', 'open']) mkdirSync(join(folder, name));
    chmodSync(join(folder, 'open'), 0o777);
    for (const key of ['own/key', 'open/key']) writeFileSync(join(folder, key), '', { mode: 0o600 });
    symlinkSync(secret, join(folder, 'link'));
    symlinkSync(dirname(secret), join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'own'), join(folder, 'within'));
    const keys = [
      'own/key',
      'within/key',
      'own/none',
      'open/key',
      'link',
      'elsewhere/machines',
      'elsewhere/none',
    ];
    const rows = keys.map((key) => ({
      ...web,
      name: key.replace('/', '-'),
      identityFile: join(folder, key),
    }));
    const { found, warnings } = await scripted(print(...rows), { folder }).list(deps);
    expect(warnings).toEqual([]);
    expect(found.flatMap(({ identityFile }) => identityFile ?? [])).toEqual(
      keys.slice(0, 3).map((key) => join(folder, key)),
    );
    // The folder itself may be a link.
    const link = join(dir, 'keys-link');
    symlinkSync(folder, link);
    const viaLink = await scripted(print({ ...web, identityFile: join(link, 'own/key') }), {
      folder: link,
    }).list(deps);
    expect(viaLink.found).toMatchObject([{ identityFile: join(link, 'own/key') }]);
  });
});

describe('the sources of the user and of root', () => {
  const line = { name: 'mine', file, command: ['/x'], find: false, start: false };
  const problems = [{ file, code: 'PROTOCOL', problem: 'not JSON' }];

  it("come after vmssh's own; what is wrong with a file is a warning", async () => {
    const all = everyEntry({ lines: [line, { ...line, name: 'lab' }], problems });
    expect(all.map(({ name }) => name)).toEqual([
      ...sources.map(({ name }) => name),
      ...['mine', 'lab', 'sources.json'],
    ]);
    expect((await all.at(-3)?.load())?.name).toBe('mine');
    expect(await (await all.at(-1)?.load())?.list(deps)).toEqual({
      found: [],
      warnings: [{ provider: 'sources.json', code: 'PROTOCOL', problem: `${file}: not JSON` }],
    });
    expect(everyEntry({ lines: [], problems: [] })).toEqual(sources);
  });
});
