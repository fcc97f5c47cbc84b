/** @import { GuestFacts } from '../types.js' */
import { fileURLToPath } from 'node:url';

/**
 * The arguments that make ssh log in to a guest as root: over the forwarded TCP port, or the vsock multiplexer when the
 * guest has no network.
 * @param {Pick<GuestFacts, 'identity' | 'muxPath' | 'tcpPort'>} guest
 */
export function sshArguments({ identity, muxPath, tcpPort }) {
  const options = {
    BatchMode: 'yes',
    ConnectTimeout: 15,
    IdentitiesOnly: 'yes',
    LogLevel: 'ERROR',
    StrictHostKeyChecking: 'no',
    UserKnownHostsFile: '/dev/null',
    ...(tcpPort ? { Port: tcpPort } : { ProxyCommand: proxyCommand(muxPath) }),
  };
  const asked = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return ['-F', 'none', '-i', identity, ...asked, 'root@127.0.0.1'];
}

/** @param {string} muxPath */
function proxyCommand(muxPath) {
  const script = fileURLToPath(new URL('./mux-connect.js', import.meta.url));
  return [process.execPath, script, muxPath, '22'].map((word) => quote(word).replaceAll('%', '%%')).join(' ');
}

/**
 * A word for a POSIX shell.
 * @param {string} word
 */
export function quote(word) {
  return /^[\w./%-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
