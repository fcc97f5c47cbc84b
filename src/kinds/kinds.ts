import type { AnyTarget } from '../target/target.js';
import { containerKind } from './container.js';
import { dotHostKind } from './dot-host.js';
import { hvsockKind } from './hvsock.js';
import { hyperVKind } from './hyper-v.js';
import type { Kind } from './kind.js';
import { machineKind } from './machine.js';
import { incusKind, limaKind, multipassKind, podmanKind } from './managed.js';
import { qemuKind } from './qemu.js';
import { unixKind } from './unix.js';
import { vsockKind } from './vsock.js';
import { vsockMuxKind } from './vsock-mux.js';
import { wslKind } from './wsl.js';

/** Every kind of target. */
export const kinds = [
  dotHostKind,
  unixKind,
  vsockKind,
  vsockMuxKind,
  machineKind,
  containerKind,
  hyperVKind,
  hvsockKind,
  wslKind,
  qemuKind,
  limaKind,
  incusKind,
  multipassKind,
  podmanKind,
] satisfies readonly Kind[];

/** A parsed target. */
export type Target = ReturnType<(typeof kinds)[number]['parse']>;

/** The record of a target's kind. */
export function kindOf({ kind }: AnyTarget, table: readonly Kind[] = kinds): Kind {
  const found = table.find(({ name }) => name === kind);
  if (!found) throw new TypeError(`no kind ${kind}`);
  return found;
}
