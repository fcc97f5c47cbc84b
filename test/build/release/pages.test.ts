import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aptSources } from '../../../build/release/site/apt.js';
import { dnfRepo } from '../../../build/release/site/dnf.js';
import { differences, hashesBelow, sumsText } from '../../../build/release/site/files.js';
import { uploadPage } from '../../../build/release/site/upload.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

const site = 'https://example.org/vmssh';
const addresses = {
  site,
  upload: 'me@example.org:/srv/vmssh',
  repository: 'https://example.org/vmssh.git',
  bugs: 'https://example.org/vmssh/issues',
  maintainer: 'Me <me@example.org>',
  key: 'A'.repeat(40),
};

describe('what a release has beside its packages', () => {
  const dir = useTempDir();

  it('a file for apt has the key in it, as deb822 has many lines', () => {
    const key = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQGN\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n';
    expect(aptSources(site, key)).toBe(
      `Types: deb\nURIs: ${site}/apt\nSuites: stable\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQGN\n =abcd\n -----END PGP PUBLIC KEY BLOCK-----\n`,
    );
  });

  it('a file for dnf has both signatures checked', () => {
    const lines = dnfRepo(site).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining(['gpgcheck=1', 'repo_gpgcheck=1', `gpgkey=${site}/vmssh.asc`]),
    );
  });

  it('the table uploads what lists the packages after them, and npm’s main package after what it asks for', () => {
    for (const name of ['vmssh-1.2.3.tgz', 'vmssh-linux-x64-1.2.3.tgz', 'node-hvsock-native-1.2.3.tgz'])
      writeFileSync(join(dir, name), '');
    const page = uploadPage(dir, '1.2.3', addresses);
    const commands = [...page.matchAll(/\| `([^`]*)` \|$/gm)].map(([, command]) => command);
    expect(commands.slice(0, 6)).toEqual([
      'git push origin HEAD v1.2.3',
      expect.stringMatching(
        /^rsync -rt (--exclude=\S+ )+release\/1\.2\.3\/site\/ me@example\.org:\/srv\/vmssh\/$/,
      ),
      'rsync -rt release/1.2.3/site/ me@example.org:/srv/vmssh/',
      'npm publish release/1.2.3/site/v1.2.3/node-hvsock-native-1.2.3.tgz',
      'npm publish release/1.2.3/site/v1.2.3/vmssh-linux-x64-1.2.3.tgz',
      'npm publish release/1.2.3/site/v1.2.3/vmssh-1.2.3.tgz',
    ]);
    for (const head of ['InRelease', 'repomd.xml']) expect(commands[1]).toContain(`--exclude=${head} `);
  });

  it('two folders differ in a file that one of them lacks, or that has other bytes', () => {
    const [one = '', other = ''] = ['one', 'other'].map((name) => join(dir, name));
    for (const folder of [one, other]) writeTree(folder, { same: 'a', 'below/changed': folder });
    writeFileSync(join(other, 'more'), '');
    expect(differences(hashesBelow(one), hashesBelow(one))).toEqual([]);
    expect(differences(hashesBelow(one), hashesBelow(other))).toEqual(['below/changed', 'more']);
    const a = 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb';
    expect(sumsText(hashesBelow(one))).toMatch(new RegExp(`^[0-9a-f]{64} {2}below/changed\n${a} {2}same\n$`));
  });
});
