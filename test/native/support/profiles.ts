const readers = ['open to read', 'open a path', 'stat', 'fcntl', 'writev', 'a unix socket', 'a thread'];
const writers = [
  ...['open to write', 'open to read and write', 'open to make', 'open to truncate'],
  ...['mkdir', 'rename', 'chmod', 'look for a process'],
];
const servers = [...readers, 'a socket of TCP', 'a socket of sock_diag'];

/** What fixtures/confined.cpp prints for each profile of native/engine/confine: of its calls, those that are still allowed. */
export const profiles: readonly { readonly profile: string; readonly allowed: readonly string[] }[] = [
  { profile: 'relay', allowed: [] },
  { profile: 'read', allowed: readers },
  { profile: 'serve', allowed: servers },
  { profile: 'serve-path', allowed: [...servers, 'unlink'] },
  { profile: 'write', allowed: [...readers, 'unlink', ...writers] },
];
