import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openers, openersFor, provenTool, type Use } from '../../../src/connect/borrow/open-borrowed.js';
import { python } from '../../e2e/via/hypervisors.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { writeProgram } from './stand-ins.js';

describe('the programs that open a vsock without the addon', () => {
  const dir = useTempDir();
  let count = 0;
  let first: string;
  let second: string;
  beforeEach(() => {
    [first, second] = [join(dir, `first-${++count}`), join(dir, `second-${count}`)];
    for (const folder of [first, second]) mkdirSync(folder, { mode: 0o755 });
  });
  const inPath = openers.filter(({ places }) => places === undefined);
  const program = (folder: string, name: string, script = 'exit 0') =>
    writeProgram(join(folder, name), script);
  async function found(use: Use = 'relay', path = `${first}:${second}`) {
    const paths: string[] = [];
    for await (const each of openersFor(use, { PATH: path }, undefined, inPath)) paths.push(each.path);
    return paths;
  }

  it('come in the order of the table, and each in that of PATH', async () => {
    for (const folder of [second, first]) for (const name of ['socat', 'python3']) program(folder, name);
    expect(await found()).toEqual(
      ['python3', 'socat'].flatMap((name) => [join(first, name), join(second, name)]),
    );
    expect(await found('pass')).toEqual([join(first, 'python3'), join(second, 'python3')]);
  });

  it('are not those that another user could replace, of a folder, a file or behind a link', async () => {
    for (const folder of [first, second]) program(folder, 'python3');
    chmodSync(first, 0o777);
    expect(await found()).toEqual([join(second, 'python3')]);
    chmodSync(join(second, 'python3'), 0o777);
    expect(await found()).toEqual([]);
    chmodSync(join(second, 'python3'), 0o755);
    symlinkSync(join(first, 'python3'), join(second, 'socat'));
    expect(await found()).toEqual([join(second, 'python3')]);
  });

  it('are not looked for in the current folder, and a file or folder that cannot be run is none', async () => {
    mkdirSync(join(first, 'python3'));
    program(second, 'python3');
    chmodSync(join(second, 'python3'), 0o644);
    program(second, 'socat');
    expect(await found('relay', `:.:${first}:${second}`)).toEqual([join(second, 'socat')]);
  });

  it('are shown by what they say of themselves', async () => {
    program(first, 'python3', 'exit 127');
    program(first, 'socat', 'echo "  tcp-connect:<host>:<port>"');
    program(second, 'socat', 'echo "  vsock-connect:<cid>:<port>"');
    const tool = await provenTool({ PATH: `${first}:${second}` });
    expect(tool?.path).toBe(join(second, 'socat'));
    expect(await provenTool({ PATH: first })).toBeUndefined();
  });

  it('are shown by a question in English that opens nothing', async () => {
    const asked = (words: string, says: string) => `[ "$LC_ALL $*" = 'C ${words}' ] && echo '${says}'`;
    program(first, 'python3', asked('-I -S -c import _socket; print(_socket.AF_VSOCK)', '40'));
    program(second, 'socat', asked('-h', '  VSOCK-CONNECT:<cid>:<port>'));
    for (const folder of [first, second])
      expect((await provenTool({ PATH: folder, LC_ALL: 'de_DE.UTF-8' }))?.path).toContain(folder);
  });

  it.skipIf(lacks('python3'))('include the python3 of this host', async () => {
    program(first, 'python3', `exec ${python()} "$@"`);
    expect((await provenTool({ PATH: first }))?.tool.name).toBe('python3');
  });

  it('are looked for in the folders of the system if there is no PATH', async () => {
    const [, socat] = openers;
    const paths: string[] = [];
    for await (const { path } of openersFor('relay', {}, undefined, socat && [{ ...socat, name: 'sh' }]))
      paths.push(path);
    expect(paths).toContain('/bin/sh');
    expect(paths.filter((path) => !/^(?:\/usr)?\/bin\/sh$/.test(path))).toEqual([]);
  });

  it('are looked for at their own places in place of PATH, and only where there is a program', async () => {
    for (const folder of [first, second]) program(folder, 'proxy');
    chmodSync(join(first, 'proxy'), 0o644);
    const places = [join(dir, 'nothing'), join(first, 'proxy'), join(second, 'proxy')];
    const known = openers.slice(-1).map((tool) => ({ ...tool, places }));
    const paths: string[] = [];
    for await (const { path } of openersFor('pass', { PATH: first }, undefined, known)) paths.push(path);
    expect(paths).toEqual([join(second, 'proxy')]);
  });
});
