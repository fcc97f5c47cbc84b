import { existsSync } from 'node:fs';
import lxc from '../../../docs/sources/lxc.sh';
import msb from '../../../docs/sources/msb.sh';
import nerdctl from '../../../docs/sources/nerdctl.sh';
import openshell from '../../../docs/sources/openshell.sh';
import pve from '../../../docs/sources/pve.sh';
import sbx from '../../../docs/sources/sbx.sh';
import vagrant from '../../../docs/sources/vagrant.sh';
import virtmeNg from '../../../docs/sources/virtme-ng.sh';
import virtualbox from '../../../docs/sources/virtualbox.sh';
import { programInPath } from '../../process/program-in-path.js';
import type { Deps } from '../source.js';
import { withToolFolders } from '../trusted-path.js';
import { outsideLines } from './file.js';

/** A source whose program, for /bin/sh, vmssh has: `vmssh source add` gives it to the user. */
export interface ShippedSource {
  readonly text: string;
  readonly find?: true;
  /** Whether its machines' keys lie anywhere in the user's home. */
  readonly keysInHome?: true;
  /** A program or a folder that shows that its manager is on this host. */
  readonly sign: string;
}

export const shippedSources: ReadonlyMap<string, ShippedSource> = new Map(
  Object.entries({
    lxc: { text: lxc, sign: 'lxc-ls' },
    msb: { text: msb, sign: 'msb' },
    nerdctl: { text: nerdctl, sign: 'nerdctl' },
    openshell: { text: openshell, sign: 'openshell' },
    pve: { text: pve, find: true, sign: '/etc/pve/local' },
    sbx: { text: sbx, sign: 'sbx' },
    vagrant: { text: vagrant, keysInHome: true, sign: 'vagrant' },
    'virtme-ng': { text: virtmeNg, sign: 'vng' },
    virtualbox: { text: virtualbox, sign: 'VBoxManage' },
  } satisfies Record<string, ShippedSource>),
);

/** What one lists: the first sentence of its program. */
export function aboutSource({ text }: ShippedSource): string {
  return /^# ([^.\n]*)/m.exec(text)?.[1] ?? '';
}

/** What to type for each whose manager is on this host, and which the user has not added. */
export function sourcesToAdd(here: Deps): readonly string[] {
  const { env: own, platform = process.platform } = here;
  if (platform !== 'linux') return [];
  const env = withToolFolders(own, platform);
  const added = new Set(outsideLines(own).lines.map(({ name }) => name));
  return [...shippedSources].flatMap(([name, { sign }]) => {
    const isHere = sign.startsWith('/') ? existsSync(sign) : programInPath(sign, env) !== undefined;
    return isHere && !added.has(name) ? [`vmssh source add ${name} lists the machines of ${sign}`] : [];
  });
}
