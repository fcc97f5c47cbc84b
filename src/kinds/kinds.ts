import type { AnyTarget } from '../target/target.js';
import { container } from './container.js';
import { dotHost } from './dot-host.js';
import { hvsock } from './hvsock.js';
import { hyperV } from './hyper-v.js';
import type { Kind } from './kind.js';
import { machine } from './machine.js';
import { incus, lima, multipass, podman } from './managed.js';
import { qemu } from './qemu.js';
import { unix } from './unix.js';
import { vsock } from './vsock.js';
import { vsockMux } from './vsock-mux.js';
import { wsl } from './wsl.js';

/** Every kind of target. */
export const kinds = [
  dotHost,
  unix,
  vsock,
  vsockMux,
  machine,
  container,
  hyperV,
  hvsock,
  wsl,
  qemu,
  lima,
  incus,
  multipass,
  podman,
] satisfies readonly Kind[];

/** What was typed, understood. */
export type Target = ReturnType<(typeof kinds)[number]['parse']>;

/** The record of a target's kind. */
export function kindOf({ kind }: AnyTarget, table: readonly Kind[] = kinds): Kind {
  const found = table.find(({ name }) => name === kind);
  if (!found) throw new TypeError(`no kind ${kind}`);
  return found;
}
