/** The name of an errno, from its name or what strerror(3) of glibc or musl says in English; undefined: another text. */
export function errnoOf(text: string): string | undefined {
  return /^E[A-Z0-9]+$/.test(text) ? text : texts.get(text.toLowerCase());
}

const texts: ReadonlyMap<string, string> = new Map([
  ['connection reset by peer', 'ECONNRESET'],
  ['connection refused', 'ECONNREFUSED'],
  ['connection timed out', 'ETIMEDOUT'],
  ['operation timed out', 'ETIMEDOUT'],
  ['no such device', 'ENODEV'],
  ['no route to host', 'EHOSTUNREACH'],
  ['host is unreachable', 'EHOSTUNREACH'],
  ['network is unreachable', 'ENETUNREACH'],
  ['network unreachable', 'ENETUNREACH'],
  ['address family not supported by protocol', 'EAFNOSUPPORT'],
  ['protocol not supported', 'EPROTONOSUPPORT'],
  ['socket type not supported', 'ESOCKTNOSUPPORT'],
  ['permission denied', 'EACCES'],
  ['operation not permitted', 'EPERM'],
  ['invalid argument', 'EINVAL'],
  ['cannot assign requested address', 'EADDRNOTAVAIL'],
  ['address not available', 'EADDRNOTAVAIL'],
  ['broken pipe', 'EPIPE'],
  ['transport endpoint is not connected', 'ENOTCONN'],
  ['protocol error', 'EPROTO'],
  ['too many open files', 'EMFILE'],
  ['no file descriptors available', 'EMFILE'],
  ['too many open files in system', 'ENFILE'],
  ['cannot allocate memory', 'ENOMEM'],
  ['out of memory', 'ENOMEM'],
  ['no buffer space available', 'ENOBUFS'],
]);
