/** @import { LinuxTarget } from '../engine/toolchains.js' */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../bundle/bundle.js';
import { copyrightText } from '../deb/copyright.js';
import { packDebian } from '../deb/pack.js';
import { architectures } from '../package/architectures.js';
import { makeTarball } from '../package/archive.js';
import { addresses, site } from '../release/addresses.js';
import { sshdFolder, sshdPrograms } from './build.js';
import { opensshPackage } from './sources.js';

/**
 * The packages vmssh-sshd for a target, the sshd for `vmssh ssh --bring-sshd`: Debian's, and a tarball with lib and share for the prefix that has
 * vmssh. Returns their paths. The same input gives the same bytes.
 * @param {LinuxTarget} target @param {string} folder @param {{ version: string }} about package.json
 */
export function makeSshdPackages(target, folder, { version }) {
  const from = sshdFolder(target);
  if (!existsSync(from)) throw new Error(`there is no ${from}: npm run build:sshd`);
  const work = join(folder, 'work');
  const put = (/** @type {string} */ path, /** @type {string | Uint8Array} */ content, mode = 0o644) => {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), content, { mode });
  };
  const programs = (/** @type {string} */ prefix) => {
    for (const name of sshdPrograms)
      put(`${prefix}/lib/vmssh/sshd/${target}/${name}`, readFileSync(join(from, name)), 0o755);
  };
  const [own, linked] = [join(root, 'LICENSE'), join(from, 'LICENSES')];

  const name = `vmssh-sshd-${version}-${target}`;
  const tarball = join(folder, `${name}.tar.gz`);
  rmSync(work, { recursive: true, force: true });
  programs(name);
  for (const [file, path] of Object.entries({ LICENSE: own, LICENSES: linked }))
    put(`${name}/share/doc/vmssh-sshd/${file}`, readFileSync(path));
  makeTarball(tarball, work, name);

  const deb = join(folder, `vmssh-sshd_${version}_${architectures[target].deb}.deb`);
  rmSync(work, { recursive: true });
  programs('usr');
  const source = addresses.repository || site;
  const copyright = copyrightText(
    readFileSync(own, 'utf8'),
    readFileSync(linked, 'utf8'),
    source,
    'usr/lib/vmssh/sshd/*',
  );
  put('usr/share/doc/vmssh-sshd/copyright', copyright);
  packDebian(work, deb, {
    name: 'vmssh-sshd',
    version,
    architecture: architectures[target].deb,
    change: `OpenSSH ${opensshPackage}, for the vmssh of the same version.`,
    programs: sshdPrograms.map((each) => `usr/lib/vmssh/sshd/${target}/${each}`),
    relations: 'Enhances: vmssh\n',
    summary: 'sshd for containers without one',
    description: ` A static OpenSSH server. "vmssh ssh --bring-sshd" brings it into a container
 for one connection, and removes it after it. Nothing runs it on this host.
`,
    compression: 'xz',
  });
  rmSync(work, { recursive: true });
  return [deb, tarball];
}
