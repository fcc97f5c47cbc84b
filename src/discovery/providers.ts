import { cloudHypervisor } from './cloud-hypervisor-provider.js';
import { crosvm } from './crosvm-provider.js';
import { firecracker } from './firecracker-provider.js';
import { hyperV } from './hyper-v-provider.js';
import { incus } from './incus-provider.js';
import { libvirt } from './libvirt-provider.js';
import { lima } from './lima-provider.js';
import { machined } from './machined-provider.js';
import { multipass } from './multipass-provider.js';
import { nspawn } from './nspawn-provider.js';
import { podman } from './podman-provider.js';
import type { Provider } from './provider.js';
import { qemu } from './qemu-provider.js';
import { wsl } from './wsl-provider.js';

/** Every source of machines. Where two know one machine, the word of the earlier one counts. */
export const providers: readonly Provider[] = [
  hyperV,
  wsl,
  libvirt,
  incus,
  lima,
  multipass,
  podman,
  machined,
  nspawn,
  qemu,
  crosvm,
  firecracker,
  cloudHypervisor,
];
