import { docker } from './containers/docker.js';
import { podman } from './containers/podman.js';
import { hyperV } from './hyper-v/provider.js';
import { kubectl, kubevirt } from './kubernetes/providers.js';
import { libvirt } from './libvirt/provider.js';
import { nspawn } from './machined/nspawn.js';
import { machined } from './machined/provider.js';
import { incus } from './managers/incus.js';
import { lima } from './managers/lima.js';
import { multipass } from './managers/multipass.js';
import type { Provider } from './provider.js';
import { cloudHypervisor } from './vmm/cloud-hypervisor.js';
import { crosvm } from './vmm/crosvm.js';
import { firecracker } from './vmm/firecracker.js';
import { qemu } from './vmm/qemu.js';
import { vfkit } from './vmm/vfkit.js';
import { wsl } from './wsl/provider.js';

/** Every source of machines. If two have the same machine, the earlier one counts. */
export const providers: readonly Provider[] = [
  hyperV,
  wsl,
  libvirt,
  incus,
  lima,
  multipass,
  podman,
  docker,
  machined,
  nspawn,
  qemu,
  crosvm,
  firecracker,
  cloudHypervisor,
  vfkit,
  kubevirt,
  kubectl,
];
