/** OpenSSH as Debian has it, by the SHA-256 that its signed list of sources has: upstream's tarball, and Debian's patches. */
export const opensshVersion = '10.0p1';
/** Debian's package of it, without the epoch. */
export const opensshPackage = `${opensshVersion}-7+deb13u4`;
const version = `1:${opensshPackage}`;

export const opensshOrigins = [
  {
    name: `openssh_${opensshVersion}.orig.tar.gz`,
    sha256: '021a2e709a0edf4250b1256bd5a9e500411a90dddabea830ed59cef90eb9d85c',
  },
  {
    name: `openssh_${opensshPackage}.debian.tar.xz`,
    sha256: '102e1065030c6002acabd7f896eeba1462bf54b4d7393bac34b0308312868ec6',
  },
].map((file) => ({ ...file, source: 'openssh', version }));

/** Of Debian's patches those that repair what the three programs have in them. */
export const opensshPatches = [
  'CVE-2025-61984',
  'CVE-2025-61985',
  'CVE-2026-35388',
  'CVE-2026-35385',
  'CVE-2026-35387',
  'CVE-2026-35414',
  'CVE-2026-35386-1',
  'CVE-2026-35386-2',
];
