/** @import { Addresses } from '../addresses.js' */
import { readdirSync } from 'node:fs';

/** What clients read first: it goes last, when all that it names is there. */
const heads = ['install.sh', 'Release', 'InRelease', 'Release.gpg', 'repomd.xml', 'repomd.xml.asc'];

/**
 * What the owner uploads where, in order, with the commands: a page beside the release.
 * @param {string} made the folder with the release's files
 * @param {string} version
 * @param {Addresses} addresses
 */
export function uploadPage(made, version, { site, upload }) {
  const release = `release/${version}`;
  const files = `${release}/site/v${version}`;
  const rows = [
    ['the commit and its tag', 'the repository', `git push origin HEAD v${version}`],
    [
      'the files and packages',
      site,
      `rsync -rt ${heads.map((name) => `--exclude=${name}`).join(' ')} ${release}/site/ ${upload}/`,
    ],
    ['what lists them, last', site, `rsync -rt ${release}/site/ ${upload}/`],
    ...npmPackages(made).map((name) => [`\`${name}\``, 'npm', `npm publish ${files}/${name}`]),
    [
      '`winget/`',
      'winget-pkgs, by a pull request',
      `cp ${files}/winget/* WINGET/manifests/v/vmssh/vmssh/${version}/`,
    ],
  ];
  const lines = rows.map(([what, where, command]) => `| ${what} | ${where} | \`${command}\` |\n`);
  return `# What to upload of vmssh ${version}

In this order, from the folder of the checkout. WINGET is your checkout of theirs; leave it out if you do not publish there.

| what | where | command |
| --- | --- | --- |
${lines.join('')}
Then try it: the lines of README.md's "Install", and \`gpg --verify SHA256SUMS.asc SHA256SUMS && sha256sum --check SHA256SUMS\` in a downloaded \`v${version}\`.
`;
}

/** Those that the package vmssh asks for come before it. @param {string} files */
function npmPackages(files) {
  const names = readdirSync(files).filter((name) => name.endsWith('.tgz'));
  const isMain = (/** @type {string} */ name) => /^vmssh-\d/.test(name);
  return names.toSorted(
    (one, other) => Number(isMain(one)) - Number(isMain(other)) || (one < other ? -1 : 1),
  );
}
