// How the unpacked programs are started: by the loader and libraries that came with them, so that they run on a
// machine whose C library is older.

/** @param {string} programs */
export function qemu(programs) {
  const root = `${programs}/qemu`;
  const data = ['/usr/share/qemu', '/usr/share/seabios'].flatMap((folder) => ['-L', root + folder]);
  return [...loader(root), `${root}/usr/bin/qemu-system-x86_64`, ...data];
}

/** With the libraries that came with the other one. @param {string} programs @param {string} unpacked Debian's qemu-system-arm */
export function qemuArm64(programs, unpacked) {
  return [...loader(`${programs}/qemu`), `${unpacked}/usr/bin/qemu-system-aarch64`];
}

/** @param {string} programs */
export function virtiofsd(programs) {
  return [...loader(`${programs}/qemu`), `${programs}/qemu/usr/libexec/virtiofsd`];
}

/** @param {string} programs */
export function vhostDeviceVsock(programs) {
  return [...loader(`${programs}/vsock`), `${programs}/vsock/usr/bin/vhost-device-vsock`];
}

/** @param {string} root */
function loader(root) {
  return [`${root}/usr/lib64/ld-linux-x86-64.so.2`, '--library-path', `${root}/usr/lib/x86_64-linux-gnu`];
}
