/** @import { LinuxTarget } from '../engine/toolchains.js' */

/** The Linux targets that packages are made for, and what dpkg and rpm call their processors. */
export const architectures = {
  'linux-x64': { deb: 'amd64', rpm: 'x86_64' },
  'linux-arm64': { deb: 'arm64', rpm: 'aarch64' },
};

export const linuxTargets = /** @type {LinuxTarget[]} */ (Object.keys(architectures));
