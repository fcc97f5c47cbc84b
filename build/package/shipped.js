/**
 * Where a build puts what was shipped under this name, and the scripts of npm that make it.
 * @param {string} name
 * @param {Buffer} bytes
 * @returns {{ place: string, scripts: readonly string[] }}
 */
export function placeOf(name, bytes) {
  const target = targetOf(bytes);
  if (target === undefined) return { place: `dist/package/${name}`, scripts: ['package'] };
  if (/^sshd(-session|-auth)?$/.test(name))
    return { place: `dist/sshd/${target}/${name}`, scripts: [`build:sshd -- --target ${target}`] };
  const place = name.endsWith('.node')
    ? `native/prebuilds/${target}/node-hvsock-native.node`
    : `dist/${target}/vmssh${target === 'win32-x64' ? '.exe' : ''}`;
  // npm run build makes this system's addon.
  const make = target === 'win32-x64' ? 'build:win' : `build:exe -- --target ${target}`;
  return { place, scripts: ['build -- --no-executable', make] };
}

/** The processors of ELF (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html). */
const processors = new Map([
  [62, 'linux-x64'],
  [183, 'linux-arm64'],
]);

/** @param {Buffer} bytes */
function targetOf(bytes) {
  if (bytes.toString('latin1', 0, 4) === '\x7fELF' && bytes.length > 20)
    return processors.get(bytes.readUInt16LE(18));
  return bytes.toString('latin1', 0, 2) === 'MZ' ? 'win32-x64' : undefined;
}

/**
 * The first byte that is not the same in both, or is in one only; undefined: they are equal.
 * @param {Buffer} one
 * @param {Buffer} other
 */
export function firstDifference(one, other) {
  if (one.equals(other)) return undefined;
  const at = one.findIndex((byte, i) => byte !== other[i]);
  return at === -1 ? one.length : at;
}

/**
 * An rpm without its signature, which only its publisher can make; any other file as it is. The format: a lead of 96 bytes, the header with
 * the signatures, padded to 8 bytes, then the rest (https://rpm-software-management.github.io/rpm/manual/format_v4.html).
 * @param {Buffer} bytes
 */
export function unsignedRpm(bytes) {
  const [lead, intro] = [96, 16];
  if (bytes.length < lead + intro || bytes.readUInt32BE(0) !== 0xedabeedb) return bytes;
  if (bytes.readUInt32BE(lead) !== 0x8eade801) return bytes;
  const [entries, data] = [bytes.readUInt32BE(lead + 8), bytes.readUInt32BE(lead + 12)];
  const end = lead + intro + 16 * entries + data;
  return bytes.subarray(end + ((8 - (end % 8)) % 8));
}
