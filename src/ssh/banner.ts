/** The identification string of RFC 4253 section 4.2, as far as it was received. */
export type BannerScan =
  | { readonly state: 'more' }
  | { readonly state: 'found'; readonly banner: string; readonly length: number }
  | { readonly state: 'not-ssh'; readonly reason: string };

/** The limit for a server's bytes up to the end of its banner; OpenSSH sends fewer than 300. */
export const bannerLimit = 16384;

/** RFC 4253: at most 255 characters with CR LF. */
const longestBanner = 255;

/**
 * Looks for "SSH-2.0-…" in the first bytes of a server, skipping lines before it as ssh does. `length` is the end of the
 * banner's line, `banner` the line without its newline.
 */
export function scanBanner(bytes: Uint8Array): BannerScan {
  let start = 0;
  for (;;) {
    const newline = bytes.indexOf(0x0a, start);
    const line = Buffer.from(bytes.subarray(start, newline < 0 ? undefined : newline)).toString('latin1');
    if (line.startsWith('SSH-')) {
      if (line.length + 1 > longestBanner) return notSsh(`its banner is over ${longestBanner} bytes`);
      if (newline < 0) return unfinished(bytes);
      const banner = line.replace(/\r$/, '');
      // ssh itself ends the connection at either.
      if (/[\0\r]/.test(banner)) return notSsh('its banner has a zero byte or a carriage return in it');
      if (!/^SSH-(2\.0|1\.99)-/.test(banner)) return notSsh(`it speaks another version of SSH: ${banner}`);
      return { state: 'found', banner, length: newline + 1 };
    }
    if (/^HTTP\/\d/.test(line) && newline >= 0) return notSsh(`it is a web server: ${line.trimEnd()}`);
    if (line.includes('\0')) return notSsh('it sent binary data');
    if (newline < 0) return unfinished(bytes);
    start = newline + 1;
  }
}

function unfinished(bytes: Uint8Array): BannerScan {
  return bytes.length >= bannerLimit ? notSsh(`no banner in ${bannerLimit} bytes`) : { state: 'more' };
}

function notSsh(reason: string): BannerScan {
  return { state: 'not-ssh', reason };
}
