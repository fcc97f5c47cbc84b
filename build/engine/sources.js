/** @import { DownloadOptions } from './debian-package.js' */
import { join } from 'node:path';
import { debianPackage } from './debian-package.js';

/** The engine's sources as Debian has them: https://packages.debian.org/sid/qjs-src */
export const enginePackage = {
  name: 'qjs-src',
  version: '0.17.0-1',
  sha256: '04631979bdadaccffd76c1cb0aff5d07389aa889a90b6a902eba858a3a3b3988',
  sha1: '4c8cd4424cda5bfa4f16c6274ffe767a57b2e14e',
  suite: 'sid',
};

/** What Debian made it of, by the SHA-256 that its signed list of sources has: upstream's tarball, and Debian's patches. */
export const engineOrigins = [
  {
    name: 'quickjs-ng_0.17.0.orig.tar.gz',
    sha256: '92212ea9a257a387a35abca50505d59ad9edddba4580e064929d396511b89dcf',
  },
  {
    name: 'quickjs-ng_0.17.0-1.debian.tar.xz',
    sha256: 'd556ab3af8b3583c8fa0116c8255ea79f83bfd6bd105a2e912a8982e6c64326c',
  },
].map((file) => ({ ...file, source: 'quickjs-ng', version: enginePackage.version }));

/** The folder with quickjs.c and its headers. Throws as `debianPackage` does. @param {DownloadOptions} [options] */
export async function engineSources(options) {
  return join(await debianPackage(enginePackage, options), 'usr/src/quickjs-ng');
}
