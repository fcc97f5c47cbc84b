import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../bundle/bundle.js';
import { manualPages } from '../docs.js';
import { extras, sourceDate } from '../man.js';

/**
 * @typedef {object} File
 * @property {string} path below the prefix: "bin/vmssh"
 * @property {string | Uint8Array} [content]
 * @property {string} [link] what it is a symbolic link to, in place of a content
 * @property {number} [mode] as of a text that all may read if it is left out
 */

/** Where shells look for what packages of a distribution bring. */
export const vendorZsh = 'share/zsh/vendor-completions';

/** Where zsh itself looks. */
export const siteZsh = 'share/zsh/site-functions';

/**
 * What every package installs: the program, manual, completions, docs and the licences of all that is in the program.
 * @param {string} from the folder with the executable and its LICENSES
 * @param {string} zsh the folder of completions for zsh
 * @returns {Promise<readonly File[]>}
 */
export async function installedFiles(from, zsh) {
  const { linuxPages, completionScripts } = await extras();
  const doc = 'share/doc/vmssh';
  const licences = [join(root, 'LICENSE'), join(from, 'LICENSES')].map((file) => readFileSync(file, 'utf8'));
  return [
    { path: 'bin/vmssh', content: readFileSync(join(from, 'vmssh')), mode: 0o755 },
    { path: 'bin/vsock-nc', link: 'vmssh' },
    ...linuxPages(sourceDate()).map(({ file, text }) => ({
      path: `share/man/man1/${file}.gz`,
      content: packed(text),
    })),
    { path: 'share/man/man1/vsock-nc.1.gz', link: 'vmssh-nc.1.gz' },
    ...manualPages().map(({ path, content }) => ({ path: `${doc}/${path}`, content })),
    { path: `${doc}/copyright`, content: licences.join('\n') },
    { path: `${doc}/changelog.gz`, content: packed(readFileSync(join(root, 'CHANGELOG.md'))) },
    { path: 'share/bash-completion/completions/vmssh', content: completionScripts.bash },
    { path: 'share/bash-completion/completions/vsock-nc', link: 'vmssh' },
    { path: `${zsh}/_vmssh`, content: completionScripts.zsh },
    { path: 'share/fish/vendor_completions.d/vmssh.fish', content: completionScripts.fish },
    { path: 'share/fish/vendor_completions.d/vsock-nc.fish', link: 'vmssh.fish' },
  ];
}

/** As `vmssh config install --system` finds it: a package breaks an ssh that does not know KnownHostsCommand. */
export const systemCaller = {
  program: ['/usr/bin/vmssh'],
  fdpass: true,
  platform: /** @type {const} */ ('linux'),
  asksForKeys: true,
};

/** The kinds that systemd's own 20-systemd-ssh-proxy.conf has in one version or another. */
const systemds = ['.host', 'unix', 'vsock', 'vsock-mux', 'machine'];

/**
 * The lines for the ssh of all users, which a package links as 30-vmssh.conf. ssh takes the first value of each keyword, and reads
 * /etc/ssh/ssh_config.d in the order of the names. After systemd's, a block for the same names would be mixed with systemd's, which
 * checks no host key: so those kinds are not in it, but for a host without that file.
 * @returns {Promise<File>}
 */
export async function systemConfig() {
  const { configText } = await extras();
  const lines = configText({ ...systemCaller, servedElsewhere: systemds });
  const [, patterns = '', settings = ''] = firstBlock.exec(lines) ?? [];
  const [, all = ''] = firstBlock.exec(configText(systemCaller)) ?? [];
  const others = all.split(' ').filter((each) => !patterns.split(' ').includes(each));
  // ssh runs it for these names only, by the user's shell.
  const alone = `Match originalhost ${others.join(',')} exec "test ! -e /etc/ssh/ssh_config.d/20-systemd-ssh-proxy.conf"`;
  const about = `# Of the package vmssh, without the kinds that systemd-ssh-proxy serves: ${systemds.join(', ')}.
# For these, and a Host of each machine: vmssh config install. For all users: vmssh config install --system
`;
  return {
    path: 'share/vmssh/30-vmssh.conf',
    content: `${about}${lines}\n# Without systemd-ssh-proxy:\n${alone}\n${settings}`,
  };
}

const firstBlock = /^Host (.*)\n((?: {4}.*\n)+)/m;

/** Writes files below a folder. @param {readonly File[]} files @param {string} folder */
export function writeFiles(files, folder) {
  for (const { path, content = '', link, mode = 0o644 } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o755 });
    if (link === undefined) writeFileSync(join(folder, path), content, { mode });
    else symlinkSync(link, join(folder, path));
  }
}

/** @param {string | Uint8Array} content */
function packed(content) {
  return gzipSync(content, { level: 9 });
}
