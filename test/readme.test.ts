import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingPrograms } from './helpers/programs.js';
import { run } from './helpers/run.js';
import { useTempDir } from './helpers/temp-dir.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block);

describe('README.md', () => {
  const dir = useTempDir();

  it.skipIf(missingPrograms({ ssh: 'openssh-client' })).each(['vsock/3', 'unix%run%x.sock', 'machine/web'])(
    'opens with lines by which ssh gives %s to vmssh',
    async (host) => {
      const config = join(dir, 'config');
      writeFileSync(config, blocks(readme, 'ssh-config').join(''));
      const { code, stdout } = await run(['ssh', '-G', '-F', config, host]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^proxycommand vmssh proxy --fdpass --typed '/m);
      expect(stdout).toMatch(/^proxyusefdpass yes$/m);
    },
  );

  it('has two commands to set it up', () => {
    expect(blocks(readme, 'sh')).toEqual(['npm ci && npm run demo\n', 'npm ci && npm test\n']);
  });

  it('is short enough to be read', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(90);
  });

  it('names existing pages', () => {
    const pages = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, page = '']) => page);
    expect(pages.filter((page) => !existsSync(new URL(`../${page}`, import.meta.url)))).toEqual([]);
  });
});
