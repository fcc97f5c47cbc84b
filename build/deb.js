// Builds the Debian package from the executable of build:exe: node build/deb.js [FOLDER WITH THE EXECUTABLE [FOLDER FOR THE PACKAGE [TARGET]]]
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyrightText } from './deb/copyright.js';
import { packDebian } from './deb/pack.js';
import { ownTarget } from './engine/toolchains.js';
import { extras } from './man.js';
import { architectures, linuxTargets } from './package/architectures.js';
import { installedFiles, systemConfig, vendorZsh, writeFiles } from './package/installed.js';
import { addresses, site } from './release/addresses.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = linuxTargets.find((each) => each === process.argv[4]) ?? ownTarget;
const from = process.argv[2] ?? join(root, 'dist', target);
const to = process.argv[3] ?? join(root, 'dist');
const tree = join(to, 'deb');

if (!existsSync(join(from, 'vmssh'))) fail(`there is no executable in ${from}: npm run build:exe`);
const { version } = await extras();
const deb = join(to, `vmssh_${version}_${architectures[target].deb}.deb`);

rmSync(tree, { recursive: true, force: true });
writeFiles([...(await installedFiles(from, vendorZsh)), await systemConfig()], join(tree, 'usr'));
changelog();
copyright();
scripts();
try {
  packDebian(tree, deb, {
    name: 'vmssh',
    version,
    architecture: architectures[target].deb,
    change: 'What has changed: CHANGELOG.md.gz beside this file.',
    programs: ['usr/bin/vmssh'],
    relations: `Recommends: openssh-client
Breaks: openssh-client (<< 1:8.5)
Suggests: libvirt-clients
`,
    summary: 'ssh into virtual machines and containers on this host',
    description: ` A ProxyCommand for AF_VSOCK, unix sockets and the multiplexers of Firecracker,
 cloud-hypervisor and others: it finds the machine, opens the socket and hands
 it to ssh, without a network.
`,
    compression: 'gzip',
  });
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
rmSync(tree, { recursive: true });
console.log(deb);

function copyright() {
  const [own, linked] = [join(root, 'LICENSE'), join(from, 'LICENSES')].map((path) =>
    readFileSync(path, 'utf8'),
  );
  put('usr/share/doc/vmssh/copyright', copyrightText(own ?? '', linked ?? '', addresses.repository || site));
}

function scripts() {
  // Not a file of the package in /etc: dpkg would write over an administrator's own, or leave it when the package is removed.
  mkdirSync(join(tree, 'etc/ssh/ssh_config.d'), { recursive: true });
  for (const script of ['postinst', 'prerm']) {
    put(`DEBIAN/${script}`, readFileSync(join(root, 'build/deb', script)), 0o755);
  }
}

/** Debian's own form of it takes its place, which apt shows. */
function changelog() {
  const folder = join(tree, 'usr/share/doc/vmssh');
  renameSync(join(folder, 'changelog.gz'), join(folder, 'CHANGELOG.md.gz'));
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
