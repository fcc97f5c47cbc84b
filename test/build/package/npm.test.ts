import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { executables, publishable } from '../../../build/package/npm.js';
import { saying } from '../../helpers/expected.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

const root = new URL('../../../', import.meta.url);
const manifest = (path: string) => readFileSync(new URL(path, root), 'utf8');

describe.each(['package.json', 'native/package.json'])('%s', (path) => {
  const dir = useTempDir();
  const about = JSON.parse(manifest(path));
  const named: readonly string[] = [
    ...Object.values<string>(about.bin ?? {}),
    ...Object.values<string>(about.exports['.']),
  ];

  it('is for the checkout alone: npm publish refuses it', async () => {
    expect(about).toMatchObject({ private: true });
    if (missingPrograms({ npm: 'npm' })) return;
    writeFileSync(join(dir, 'package.json'), manifest(path));
    // npm looks for a login first. Nothing listens there.
    writeFileSync(join(dir, '.npmrc'), '//127.0.0.1:9/:_authToken=none\n');
    const publish = ['npm', 'publish', '--offline', '--registry', 'http://127.0.0.1:9'];
    expect(await run(publish, { cwd: dir })).toMatchObject(saying(1, 'EPRIVATE'));
  });

  it.each(named)('is packed to be published only with %s', (missing) => {
    const folder = join(dir, missing.replaceAll('/', '-'));
    const add = (name: string) => writeTree(folder, { [name]: '' });
    mkdirSync(folder);
    for (const name of named) if (name !== missing) add(name);
    expect(() => publishable(folder, about)).toThrow(`${missing.replace('./', '')} is not built`);
    add(missing);
    const all = publishable(folder, about);
    expect(all).not.toHaveProperty('private');
    expect(all).toMatchObject({ name: about.name, exports: about.exports, keywords: expect.any(Array) });
  });

  it('says where the project is, once that is filled in', () => {
    for (const name of named) writeTree(join(dir, 'all'), { [name]: '' });
    const [site, repository] = ['https://example.org/vmssh', 'https://example.org/git/vmssh.git'];
    const bugs = 'https://example.org/vmssh/issues';
    const own = { site, repository, bugs, upload: '', maintainer: '', key: '' };
    expect(publishable(join(dir, 'all'), about, 'native', own)).toMatchObject({
      repository: { type: 'git', url: `git+${repository}`, directory: 'native' },
      homepage: site,
      bugs: { url: bugs },
    });
    expect(publishable(join(dir, 'all'), about, undefined, { ...own, repository: '' })).not.toHaveProperty(
      'bugs',
    );
  });
});

describe('the packed package', () => {
  const about = JSON.parse(manifest('package.json'));
  const own = [JSON.parse(manifest('native/package.json')).name];

  it('has in it what of its dependencies is ours: nobody else can take its place', async () => {
    expect(about.bundleDependencies).toEqual(own);
    if (missingPrograms({ npm: 'npm' })) return;
    const pack = ['npm', 'pack', '--dry-run', '--json', '--ignore-scripts', '--offline'];
    const { stdout } = await run(pack, { cwd: fileURLToPath(root) });
    const [{ bundled, files }] = JSON.parse(stdout);
    expect(bundled).toEqual(own);
    expect(files.map(({ path }: { path: string }) => path)).toContain(`node_modules/${own[0]}/index.cjs`);
  });

  it('asks for the executables by name only once something is published', () => {
    const filled = { site: '', repository: '', bugs: '', upload: '', maintainer: '', key: '' };
    expect(executables(about, filled)).toEqual({});
    expect(
      executables(about, { ...filled, repository: 'https://example.org/vmssh.git' }).optionalDependencies,
    ).toMatchObject({ 'vmssh-linux-x64': about.version });
  });
});
