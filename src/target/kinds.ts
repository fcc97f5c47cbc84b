import { container } from './container.js';
import { dotHost } from './dot-host.js';
import { hvsock } from './hvsock.js';
import { hyperV } from './hyper-v.js';
import { libvirt } from './libvirt.js';
import { listed } from './listed.js';
import { machine } from './machine.js';
import type { Kind } from './target.js';
import { unix } from './unix.js';
import { vsock } from './vsock.js';
import { vsockMux } from './vsock-mux.js';
import { wsl } from './wsl.js';

/** Every kind of target. */
export const kinds: readonly Kind[] = [
  dotHost,
  unix,
  vsock,
  vsockMux,
  machine,
  container,
  hyperV,
  hvsock,
  wsl,
  libvirt,
  listed,
];
