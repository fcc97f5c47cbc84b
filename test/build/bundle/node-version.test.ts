import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeProblem } from '../../../build/bundle/node-version.js';
import { failing } from '../../helpers/expected.js';
import { dist, run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

/** Node as it would be in that version, as far as scripts can see. */
function older(dir: string, version: string): readonly string[] {
  const file = join(dir, `${version}.cjs`);
  writeFileSync(file, `Object.defineProperty(process.versions, 'node', { value: '${version}' });\n`);
  return [process.execPath, '-r', file];
}

describe('an older Node', () => {
  const dir = useTempDir();
  it.each(['18.20.4', '20.9.0', '20.18.3', '21.7.3', '22.11.0'])(
    '%s cannot build, and is told why',
    (version) => {
      expect(nodeProblem(version)).toMatch(
        `the build needs Node 20.19, 22.12 or later, and this is ${version}\nhint: `,
      );
    },
  );

  it.each(['20.19.0', '20.20.2', '22.12.0', '23.0.0', '24.1.0', process.versions.node])(
    '%s can',
    (version) => {
      expect(nodeProblem(version)).toBeUndefined();
    },
  );

  it.each(['vmssh.js', 'vsock-nc.js'])('ends %s with what it needs, not as a bug', async (name) => {
    expect(await run([...older(dir, '20.18.3'), dist(name), '--version'])).toMatchObject(
      failing(1, /^vmssh: Node 20\.19 or later is needed, and this is 20\.18\.3\nhint: .*nodejs\.org\S+\n$/),
    );
    for (const enough of ['20.19.0', '21.0.0', '22.1.0', '100.0.0'])
      expect(await run([...older(dir, enough), dist(name), '--help'])).toMatchObject({ code: 0 });
  });

  it('is what package.json asks for', () => {
    for (const file of ['package.json', 'native/package.json'])
      expect(JSON.parse(readFileSync(file, 'utf8')).engines).toEqual({ node: '>=20.19' });
  });
});

describe('a script of package.json', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const dir = useTempDir();

  it.each(Object.entries(scripts))('%s begins with a look at what it needs', (name, script) => {
    const starts = /^(node build\/ready\.js &&|node test\/runs\/run\.js|npm (test|run [\w: -]+) &&) /;
    if (name !== 'test:new-user') expect(script).toMatch(starts);
  });

  it.each([
    ['before npm ci', '22.12.0', 'vmssh: the packages .*: run npm ci first\n'],
    ['with an old Node', '18.20.4', 'vmssh: the build needs Node 20.19, .*\nhint: .*\n'],
  ])('ends in one message $0', async (_name, version, want) => {
    const ready = join(dir, version, 'build');
    cpSync('build/bundle', join(ready, 'bundle'), { recursive: true });
    cpSync('build/ready.js', join(ready, 'ready.js'));
    writeFileSync(join(ready, 'package.json'), '{ "type": "module" }');
    const { code, stdout, stderr } = await run([...older(dir, version), join(ready, 'ready.js')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^${want}$`));
  });
});
