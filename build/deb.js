// Builds the Debian package from the executable of build:exe: node build/deb.js [FOLDER WITH THE EXECUTABLE [FOLDER FOR THE PACKAGE [TARGET]]]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { sourceTime } from './bundle/commit.js';
import { copyrightText } from './deb/copyright.js';
import { md5sums } from './deb/md5sums.js';
import { ownTarget } from './engine/toolchains.js';
import { extras } from './man.js';
import { architectures, linuxTargets } from './package/architectures.js';
import { installedFiles, systemConfig, vendorZsh, writeFiles } from './package/installed.js';
import { addresses, maintainer, site } from './release/addresses.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = linuxTargets.find((each) => each === process.argv[4]) ?? ownTarget;
const architecture = architectures[target].deb;
const from = process.argv[2] ?? join(root, 'dist', target);
const to = process.argv[3] ?? join(root, 'dist');
const tree = join(to, 'deb');

if (!existsSync(join(from, 'vmssh'))) fail(`there is no executable in ${from}: npm run build:exe`);
const { version } = await extras();
// Modes do not depend on the builder's umask.
process.umask(0o022);
const deb = join(to, `vmssh_${version}_${architecture}.deb`);

const committed = sourceTime(root);

rmSync(tree, { recursive: true, force: true });
writeFiles([...(await installedFiles(from, vendorZsh)), await systemConfig()], join(tree, 'usr'));
changelog();
copyright();
overrides();
control();
put('DEBIAN/md5sums', md5sums(tree));
scripts();
const build = ['--root-owner-group', '-Zgzip', '--build', tree, `${deb}.new`];
const { status, error } = spawnSync('dpkg-deb', build, {
  stdio: ['ignore', 'ignore', 'inherit'],
  // The same commit gives the same package.
  env: { SOURCE_DATE_EPOCH: committed, ...process.env },
});
if (status !== 0) fail(`dpkg-deb failed: ${error?.message ?? `exit code ${status}`}`);
renameSync(`${deb}.new`, deb);
rmSync(tree, { recursive: true });
console.log(deb);

function copyright() {
  const [own, linked] = [join(root, 'LICENSE'), join(from, 'LICENSES')].map((path) =>
    readFileSync(path, 'utf8'),
  );
  put('usr/share/doc/vmssh/copyright', copyrightText(own ?? '', linked ?? '', addresses.repository || site));
}

/** What lintian would take for a fault. */
function overrides() {
  const text = `# A program, not a library: it is static, and runs at any address (static-pie).
vmssh: shared-library-lacks-prerequisites [usr/bin/vmssh]
`;
  put('usr/share/lintian/overrides/vmssh', text);
}

function scripts() {
  // Not a file of the package in /etc: dpkg would write over an administrator's own, or leave it when the package is removed.
  mkdirSync(join(tree, 'etc/ssh/ssh_config.d'), { recursive: true });
  for (const script of ['postinst', 'prerm']) {
    put(`DEBIAN/${script}`, readFileSync(join(root, 'build/deb', script)), 0o755);
  }
}

/** In Debian's own form, which apt shows; ours is beside it. */
function changelog() {
  const folder = join(tree, 'usr/share/doc/vmssh');
  renameSync(join(folder, 'changelog.gz'), join(folder, 'CHANGELOG.md.gz'));
  const date = new Date(Number(committed) * 1000).toUTCString().replace('GMT', '+0000');
  const text = `vmssh (${version}) unstable; urgency=medium

  * What has changed: CHANGELOG.md.gz beside this file.

 -- ${maintainer}  ${date}
`;
  put('usr/share/doc/vmssh/changelog.gz', gzipSync(text, { level: 9 }));
}

function control() {
  const size = Number(spawnSync('du', ['-sk', tree], { encoding: 'utf8' }).stdout.split('\t')[0]);
  put(
    'DEBIAN/control',
    `Package: vmssh
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${size}
Recommends: openssh-client
Breaks: openssh-client (<< 1:8.5)
Suggests: libvirt-clients
Section: net
Priority: optional
${addresses.site && `Homepage: ${addresses.site}\n`}Description: ssh into virtual machines and containers on this host
 A ProxyCommand for AF_VSOCK, unix sockets and the multiplexers of Firecracker,
 cloud-hypervisor and others: it finds the machine, opens the socket and hands
 it to ssh, without a network.
`,
  );
}

/** @param {string} path @param {string | Uint8Array} content @param {number} [mode] */
function put(path, content, mode = 0o644) {
  mkdirSync(dirname(join(tree, path)), { recursive: true, mode: 0o755 });
  writeFileSync(join(tree, path), content, { mode });
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`build:deb: ${message}`);
  process.exit(1);
}
