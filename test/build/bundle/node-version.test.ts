import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeProblem } from '../../../build/bundle/node-version.js';
import { dist, run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe('an older Node', () => {
  const dir = useTempDir();
  /** Node as it would be in that version, as far as scripts can see. */
  function older(version: string): readonly string[] {
    const file = join(dir, `${version}.cjs`);
    writeFileSync(file, `Object.defineProperty(process.versions, 'node', { value: '${version}' });\n`);
    return [process.execPath, '-r', file];
  }

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

  it('ends the build before it loads a tool', async () => {
    const { code, stderr } = await run([...older('18.20.4'), 'build/node.js', '--no-executable']);
    expect(code).toBe(1);
    expect(stderr).toBe(`${nodeProblem('18.20.4')}\n`);
  });

  it.each(['vmssh.js', 'vsock-nc.js'])('ends %s with what it needs, not as a bug', async (name) => {
    const { code, stdout, stderr } = await run([...older('18.20.4'), dist(name), '--version']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^vmssh: Node 20 or later is needed, and this is 18\.20\.4\nhint: .*nodejs\.org\S+\n$/,
    );
    expect((await run([...older('20.0.0'), dist(name), '--help'])).code).toBe(0);
  });
});
