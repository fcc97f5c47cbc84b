import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installPart } from '../build/release/install-lines.js';
import { lacks } from './helpers/programs.js';
import { run } from './helpers/run.js';
import { useTempDir } from './helpers/temp-dir.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block);

describe('README.md', () => {
  const dir = useTempDir();

  it.skipIf(lacks('ssh')).each(['vsock/3', 'unix%run%x.sock', 'machine/web'])(
    'leads to lines by which ssh gives %s to vmssh',
    async (host) => {
      const config = join(dir, 'config');
      const targets = readFileSync(new URL('../docs/targets.md', import.meta.url), 'utf8');
      const own = 'Host !*.* *\n    HostName %h.corp.example.com\n';
      writeFileSync(config, blocks(targets, 'ssh-config').join('') + own);
      const { code, stdout } = await run(['ssh', '-G', '-F', config, host]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^proxycommand vmssh proxy --fdpass --typed '/m);
      expect(stdout).toMatch(/^proxyusefdpass yes$/m);
      expect(stdout).toContain(`\nhostname ${host}\n`);
    },
  );

  it('has two commands to set it up', () => {
    expect(blocks(readme, 'sh')).toEqual(['npm ci && npm run demo\n', 'npm ci && npm test\n']);
  });

  it('is short enough to be read', () => {
    // Without the lines for each system, which are there only once something is published.
    const rest = readme.replace(`${installPart(readme).whole}\n`, '');
    expect(rest.trimEnd().split('\n').length).toBeLessThanOrEqual(75);
  });

  it('describes its picture for those who cannot see it', () => {
    expect(/!\[([^\]]+)\]\(docs\/pictures\/terminal\.svg\)/.exec(readme)?.[1]?.length).toBeGreaterThan(80);
  });

  it('tells what it is, shows it, and how to try it, in this order', () => {
    const order = ['$ vmssh list', 'Why not TCP', '![', '## Try it', '## Install', '## Your first login'];
    const rest = ['## Every day', '## When something fails', '## Run the tests'];
    const at = [...order, ...rest].map((text) => readme.indexOf(text));
    expect(at.every((each) => each > 0)).toBe(true);
    expect(at).toEqual(at.toSorted((a, b) => a - b));
  });

  it('names existing pages', () => {
    const pages = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, page = '']) => page);
    const own = pages.filter((page) => !page.startsWith('https://'));
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter((page) => !existsSync(new URL(`../${page}`, import.meta.url)))).toEqual([]);
  });
});
