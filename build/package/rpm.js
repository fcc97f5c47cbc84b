import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixModes } from './archive.js';
import { installedFiles, siteZsh, systemConfig, writeFiles } from './installed.js';
import { run } from './run.js';

/**
 * The package for Fedora, openSUSE and others, by rpmbuild. Its time is the commit's, so that the same commit gives the same bytes.
 * @param {string} from the folder with the executable
 * @param {string} rpm
 * @param {string} architecture as rpm names it
 * @param {{ version: string, description: string, license: string, homepage: string, maintainer: string, time: string }} about `time`: seconds since 1970
 */
export async function makeRpm(from, rpm, architecture, about) {
  // rpmbuild finds nothing below a folder with a blank in its name.
  const work = mkdtempSync(join(tmpdir(), 'vmssh-rpm-'));
  const tree = join(work, 'tree');
  writeFiles([...(await installedFiles(from, siteZsh)), await systemConfig()], join(tree, 'usr'));
  mkdirSync(join(tree, 'etc/ssh/ssh_config.d'), { recursive: true });
  fixModes(tree);
  const template = readFileSync(fileURLToPath(new URL('vmssh.spec', import.meta.url)), 'utf8');
  // "Sat Nov 21 2026", in any language of the one who builds.
  const [weekday, day, month, year] = new Date(Number(about.time) * 1000).toUTCString().split(/,? /);
  const date = [weekday, month, day, year].join(' ');
  const values = /** @type {Readonly<Record<string, string>>} */ ({ ...about, tree, date });
  const spec = join(work, 'vmssh.spec');
  writeFileSync(
    spec,
    template.replaceAll(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole),
  );
  const defined = {
    _topdir: join(work, 'top'),
    _buildhost: 'localhost',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
  };
  const defines = Object.entries(defined).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  run('rpmbuild', ['-bb', '--quiet', '--target', `${architecture}-linux`, ...defines, spec], {
    env: { ...process.env, SOURCE_DATE_EPOCH: about.time },
    get: 'apt-get install rpm',
  });
  const made = join(work, 'top/RPMS', architecture);
  copyFileSync(join(made, readdirSync(made).find((name) => name.endsWith('.rpm')) ?? ''), rpm);
  rmSync(work, { recursive: true });
}
