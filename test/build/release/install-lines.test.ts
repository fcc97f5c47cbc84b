import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addresses, missingAddresses } from '../../../build/release/addresses.js';
import {
  installLines,
  installPart,
  installText,
  writeInstall,
} from '../../../build/release/install-lines.js';
import { version } from '../../../src/base/version.js';
import { lacks } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';

const filled = {
  site: 'https://example.org/vmssh',
  upload: 'me@example.org:/srv/www/vmssh',
  repository: 'https://example.org/vmssh.git',
  bugs: 'https://example.org/vmssh/issues',
  maintainer: 'Me <me@example.org>',
  key: '0123456789ABCDEF0123456789ABCDEF01234567',
};

describe('what to type to install a release', () => {
  if (process.env.VMSSH_WRITE_INSTALL) writeInstall('.', addresses, version);

  it.each(['README.md', 'docs/install.md'])('is in %s as build/release/addresses.json has it', (page) => {
    const remedy = 'VMSSH_WRITE_INSTALL=1 npx vitest run test/build/release/install-lines.test.ts';
    expect(installPart(readFileSync(page, 'utf8')).text, remedy).toBe(installText(addresses, version));
  });

  it('is nothing yet as long as there is no address', () => {
    expect(installText({ ...filled, site: '' }, '1.2.3')).toMatch(/^Nothing is published yet, [^`]+$/);
  });

  it('is one line for each system, from the address', () => {
    const text = installText(filled, '1.2.3');
    for (const { system, line } of installLines(filled.site, '1.2.3'))
      expect(text).toContain(`- ${system}: \`${line}\`\n`);
    expect(text).toContain(`${filled.site}/v1.2.3/`);
    expect(text).toContain(filled.key);
    expect(text).not.toContain('invalid');
  });

  it
    .skipIf(lacks('shellcheck'))
    .each(installLines(filled.site, '1.2.3').filter(({ system }) => !system.startsWith('Windows')))(
    'is a line that a shell understands: $system',
    async ({ line }) => {
      expect(await run(['shellcheck', '--shell=sh', '-'], { input: `${line}\n` })).toMatchObject({ code: 0 });
    },
  );
});

describe('the addresses', () => {
  it('are complete, if they are filled in', () => {
    expect(missingAddresses(filled)).toEqual([]);
    expect(missingAddresses({ ...filled, site: 'http://127.0.0.1:8080' })).toEqual([]);
    if (addresses.site !== '') expect(missingAddresses(addresses)).toEqual([]);
  });

  it.each([
    { site: '' },
    { site: 'http://example.org' },
    { site: 'https://example.org/' },
    { site: 'https://example.org/$(reboot)' },
    { upload: '' },
    { upload: '-e sh' },
    { maintainer: 'me@example.org' },
    { repository: '' },
    { bugs: '' },
    { bugs: 'http://example.org/issues' },
    { key: 'me@example.org' },
    { key: '01234567' },
  ])('are refused with %j', (wrong) => {
    expect(missingAddresses({ ...filled, ...wrong })).toHaveLength(1);
  });
});
