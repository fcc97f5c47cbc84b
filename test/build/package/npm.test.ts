import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publishable } from '../../../build/package/npm.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

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
    const { code, stderr } = await run(publish, { cwd: dir });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('EPRIVATE') });
  });

  it.each(named)('is packed to be published only with %s', (missing) => {
    const folder = join(dir, missing.replaceAll('/', '-'));
    const add = (name: string) => {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), '');
    };
    mkdirSync(folder);
    for (const name of named) if (name !== missing) add(name);
    expect(() => publishable(folder, about)).toThrow(`${missing.replace('./', '')} is not built`);
    add(missing);
    const all = publishable(folder, about);
    expect(all).not.toHaveProperty('private');
    expect(all).toMatchObject({ name: about.name, exports: about.exports });
  });
});
