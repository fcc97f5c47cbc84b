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

/** The folder with quickjs.c and its headers. Throws as `debianPackage` does. @param {DownloadOptions} [options] */
export async function engineSources(options) {
  return join(await debianPackage(enginePackage, options), 'usr/src/quickjs-ng');
}
