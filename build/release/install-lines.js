/** @import { Addresses } from './addresses.js' */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [apt, dnf] = ['/etc/apt/sources.list.d/vmssh.sources', '/etc/yum.repos.d/vmssh.repo'];

const pages = /** @type {const} */ (['README.md', 'docs/install.md']);

/**
 * What to type on each system to install a release: one line each, without a checkout or a compiler.
 * @param {string} site
 * @param {string} version
 * @returns {readonly { system: string, line: string }[]}
 */
export function installLines(site, version) {
  const files = `${site}/v${version}`;
  return [
    {
      system: 'Debian 12, Ubuntu 22.04 and later',
      line: `sudo wget -nv -O ${apt} ${site}/vmssh.sources && sudo apt update && sudo apt install vmssh`,
    },
    {
      system: 'Fedora and others with dnf',
      line: `sudo curl -fsSLo ${dnf} ${site}/vmssh.repo && sudo dnf install vmssh`,
    },
    {
      system: 'openSUSE, not tried',
      line: `sudo zypper addrepo ${site}/vmssh.repo && sudo zypper install vmssh`,
    },
    { system: 'any Linux, into ~/.local', line: `curl -fsSL ${site}/install.sh | sh` },
    { system: 'with Node ≥ 20.19', line: 'npm install -g vmssh' },
    { system: 'Windows, not tried', line: `scoop install ${files}/scoop/vmssh.json` },
  ];
}

/**
 * The same for a page; a sentence as long as nothing is published.
 * @param {Addresses} addresses
 * @param {string} version
 */
export function installText({ site, key }, version) {
  if (site === '') return 'Nothing is published yet, so it takes a checkout of the sources.\n';
  const lines = installLines(site, version).map(({ system, line }) => `- ${system}: \`${line}\`\n`);
  return `${lines.join('')}
Without curl: \`wget -qO- ${site}/install.sh | sh\`. It says what it does; as root it installs into /usr/local. To remove what it installed: the same line with \`-s -- --uninstall\` after it.

The repositories of apt and dnf are signed by the key ${key}; the files are in ${site}/v${version}/. To upgrade: \`sudo apt update && sudo apt upgrade\`,
or \`sudo dnf upgrade --refresh vmssh\`. To remove: \`sudo apt purge vmssh && sudo rm ${apt}\`, or \`sudo dnf remove vmssh && sudo rm ${dnf}\`.
`;
}

/** The part of a page that is written from addresses.json, with its marks. @param {string} page */
export function installPart(page) {
  const found = /<!-- install -->\n(?<text>.*?)<!-- \/install -->/s.exec(page);
  if (!found?.groups) throw new Error('the marks <!-- install --> and <!-- /install --> are missing');
  return { whole: found[0], text: found.groups.text ?? '' };
}

/** Writes it into README.md and docs/install.md. @param {string} root @param {Addresses} addresses @param {string} version */
export function writeInstall(root, addresses, version) {
  const text = installText(addresses, version);
  for (const name of pages) {
    const page = readFileSync(join(root, name), 'utf8');
    const { whole } = installPart(page);
    const marked = `<!-- install -->\n${text}<!-- /install -->`;
    writeFileSync(
      join(root, name),
      page.replace(whole, () => marked),
    );
  }
}
