/** Bytes that a match saves at least: its own place takes three. */
const shortest = 4;
/** A longer one is several. */
const longest = 512;
const farthest = 0xffff;
/** Earlier places with the same four bytes that are compared. */
const tries = 64;

/**
 * `bytes` in the block format of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md), which native/engine/image/unpack.cpp
 * reads. It ends with bytes that no match covers.
 * @param {Uint8Array} bytes
 */
export function pack(bytes) {
  const matches = matchesOf(bytes);
  const lengths = bestLengths(matches);
  /** @type {ArrayLike<number>[]} */
  const packed = [];
  let at = 0;
  let from = 0;
  while (at < bytes.length) {
    const length = lengths[at] ?? 0;
    if (length === 0) {
      at += 1;
      continue;
    }
    const distance = matches[at]?.distance ?? 0;
    const extra = length - shortest;
    packed.push([(nibble(at - from) << 4) | nibble(extra), ...rest(at - from)], bytes.subarray(from, at));
    packed.push([distance & 0xff, distance >> 8, ...rest(extra)]);
    at += length;
    from = at;
  }
  packed.push([nibble(at - from) << 4, ...rest(at - from)], bytes.subarray(from, at));
  return Buffer.concat(packed.map((part) => Uint8Array.from(part)));
}

/**
 * For each place the longest run of bytes that also stands before it, and how far; length 0 if there is none.
 * @param {Uint8Array} bytes
 */
function matchesOf(bytes) {
  /** @type {Map<number, number[]>} */
  const places = new Map();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - shortest - 1;
  return Array.from(bytes, (_, at) => {
    let best = { length: 0, distance: 0 };
    if (at >= end) return best;
    const key = view.getUint32(at);
    const before = places.get(key) ?? [];
    places.set(key, before);
    for (const place of before.slice(-tries).reverse()) {
      if (at - place > farthest) break;
      let length = shortest;
      while (length < longest && at + length < end && bytes[place + length] === bytes[at + length])
        length += 1;
      if (length > best.length) best = { length, distance: at - place };
      if (length === longest) break;
    }
    before.push(at);
    return best;
  });
}

/**
 * How much of each match is used, so that all together take the fewest bytes; 0: a byte as it is.
 * @param {readonly { length: number }[]} matches
 */
function bestLengths(matches) {
  const costs = new Uint32Array(matches.length + 1);
  const lengths = new Uint32Array(matches.length);
  for (let at = matches.length - 1; at >= 0; --at) {
    costs[at] = 1 + (costs[at + 1] ?? 0);
    const most = matches[at]?.length ?? 0;
    for (let length = shortest; length <= most; ++length) {
      const cost = 3 + Math.ceil((length - shortest) / 255) + (costs[at + length] ?? 0);
      if (cost >= (costs[at] ?? 0)) continue;
      costs[at] = cost;
      lengths[at] = length;
    }
  }
  return lengths;
}

/** What the first byte has of a count. @param {number} count */
function nibble(count) {
  return Math.min(count, 15);
}

/** What of a count follows it. @param {number} count */
function rest(count) {
  const left = count - 15;
  return left < 0 ? [] : [...Array(Math.floor(left / 255)).fill(255), left % 255];
}
