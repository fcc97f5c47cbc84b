import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  forgetRoute,
  memoryOf,
  ownRoutesFile,
  rememberRoute,
  routesFile,
} from '../../src/book/remembered.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe('the last route of a machine', () => {
  const dir = useTempDir();
  const env = { HOME: dir, XDG_STATE_HOME: join(dir, 'state') };
  const path = routesFile(env);
  const routes = () => JSON.parse(readFileSync(path, 'utf8')).routes;
  const write = (text: string) => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text);
  };
  const kept = async (text: string) => (await memoryOf(text, undefined, env)).last;

  beforeEach(() => write(''));

  it('is in a file of the state, for this user only', async () => {
    expect(path).toBe(join(dir, 'state/vmssh/routes.json'));
    rmSync(path);
    await rememberRoute('machine/web', 'ip', env);
    expect(readFileSync(path, 'utf8')).toBe(
      '{\n "version": 1,\n "routes": {\n  "machine/web": "ip"\n }\n}\n',
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is that of each spelling that ssh makes equal', async () => {
    await rememberRoute('Machine%Web', 'ip', env);
    expect(await kept('machine/web')).toBe('ip');
    await rememberRoute('machine/WEB', undefined, env);
    expect(await kept('Machine%Web')).toBeUndefined();
  });

  it('is kept only if it is not the usual one', async () => {
    const first = await memoryOf('machine/web', 'vsock', env);
    expect(first.last).toBe('vsock');
    await first.keep('vsock');
    expect(readFileSync(path, 'utf8')).toBe('');
    await first.keep('ip');
    expect(routes()).toEqual({ 'machine/web': 'ip' });
    const second = await memoryOf('machine/web', 'vsock', env);
    expect(second.last).toBe('ip');
    await second.keep('vsock');
    expect(routes()).toEqual({});
  });

  it('is not kept by a name that is no route', async () => {
    await (await memoryOf('machine/web', 'vsock', env)).keep('no route');
    expect(await kept('machine/web')).toBeUndefined();
  });

  it('is forgotten where it showed another key, and said', async () => {
    expect(await forgetRoute('machine/web', env)).toBeUndefined();
    await rememberRoute('machine/web', 'ip', env);
    expect(await forgetRoute('machine/web', env)).toBe(
      'it answered by ip, not by its first route, which the next login tries first',
    );
    expect(routes()).toEqual({});
  });

  it('is that of the 100 targets that were written last', async () => {
    const all = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`machine/${i}`, 'ip']));
    write(JSON.stringify({ version: 1, routes: all }));
    await rememberRoute('machine/new', 'exec', env);
    expect(Object.keys(routes())).toHaveLength(100);
    expect(routes()).toMatchObject({ 'machine/new': 'exec', 'machine/1': 'ip' });
    expect(routes()).not.toHaveProperty('machine/0');
    await rememberRoute('machine/1', 'exec', env);
    expect(Object.keys(routes()).at(-1)).toBe('machine/1');
  });

  it('is not kept for a target that is too long, nor read', async () => {
    const [longest, longer] = ['x'.repeat(256), 'x'.repeat(257)];
    await rememberRoute(longer, 'ip', env);
    expect(readFileSync(path, 'utf8')).toBe('');
    write(JSON.stringify({ version: 1, routes: { [longest]: 'ip', [longer]: 'ip' } }));
    expect([await kept(longest), await kept(longer)]).toEqual(['ip', undefined]);
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"version":1}',
    '{"version":2,"routes":{"machine/web":"ip"}}',
    '{"version":1,"routes":["ip"]}',
  ])('is none in %j, which is no file of ours', async (text) => {
    write(text);
    expect(await kept('machine/web')).toBeUndefined();
    expect(await ownRoutesFile(env)).toBeUndefined();
  });

  it('is read, whatever else is in the file', async () => {
    write('{"version":1,"routes":{"a":"no route","b":1,"machine/web":"ip"}}');
    expect([await kept('a'), await kept('b'), await kept('machine/web')]).toEqual([
      undefined,
      undefined,
      'ip',
    ]);
    expect(await ownRoutesFile(env)).toBe(readFileSync(path, 'utf8'));
  });

  it('is not kept where nothing can be written, and nothing fails', async () => {
    rmSync(path);
    mkdirSync(path);
    await rememberRoute('machine/web', 'ip', env);
    expect([await kept('machine/web'), await forgetRoute('machine/web', env)]).toEqual([
      undefined,
      undefined,
    ]);
    rmSync(path, { recursive: true });
  });
});
