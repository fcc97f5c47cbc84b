/** @import { Contender, Programs } from './types.js' */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathOf } from './peers.js';

/** @typedef {ReturnType<typeof proxies>} Proxies */

const program = (/** @type {string} */ name) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

/**
 * All that can connect, each as a command for a socket's path as it sees it.
 * @param {Programs} programs
 * @param {string} folder the folder of the sockets, in the peers' root if there is one
 * @returns {Record<'executable' | 'node' | 'newestNode', Record<'pass' | 'relay', Contender>> & Record<'systemd' | 'socat' | 'ncat' | 'streams' | 'c', Contender>}
 */
export function proxies(programs, folder) {
  const { executable, script, node, newestNode, root } = programs;
  const inside = root.path ? folder.slice(root.path.length) : folder;
  const vmssh =
    (/** @type {string[]} */ start, /** @type {string[]} */ flags) => (/** @type {string} */ socket) => {
      const host = `unix${join(folder, socket)}`;
      return [...start, 'proxy', ...flags, '--typed', host, host, '22'];
    };
  const over =
    (/** @type {(path: string) => readonly string[]} */ command) => (/** @type {string} */ socket) =>
      command(join(folder, socket));
  const both = (/** @type {string} */ name, /** @type {string[]} */ start) => ({
    pass: { name, command: vmssh(start, ['--fdpass']) },
    relay: { name, command: vmssh(start, []) },
  });
  return {
    executable: both('vmssh, executable', [executable]),
    node: both(`vmssh, Node ${major(process.version)}`, [node, script]),
    newestNode: both(`vmssh, Node ${major(programs.versions['newest node'])}`, [newestNode, script]),
    systemd: {
      name: 'systemd-ssh-proxy',
      root: root.path,
      absent: programs.systemd.absent,
      command: (/** @type {string} */ socket) => [
        pathOf(programs.systemd),
        `unix${join(inside, socket)}`,
        '22',
      ],
    },
    c: { name: 'C, connect and sendmsg only', command: over((path) => [programs.connectC, path]) },
    socat: {
      name: 'socat',
      absent: programs.socat.absent,
      command: over((path) => [pathOf(programs.socat), 'STDIO', `UNIX-CONNECT:${path}`]),
    },
    ncat: {
      name: 'ncat',
      absent: programs.ncat.absent,
      command: over((path) => [pathOf(programs.ncat), '-U', path]),
    },
    streams: {
      name: `plain streams, Node ${major(process.version)}`,
      command: over((path) => [node, program('streams-relay.js'), path]),
    },
  };
}

/**
 * Processes that connect to nothing: what only starting costs.
 * @param {Programs} programs
 * @returns {Record<'c' | 'node' | 'newestNode' | 'nodeByte' | 'newestNodeByte' | 'libvirt', Contender<readonly string[]>>}
 */
export function bareStarts(programs) {
  const { node, newestNode, bareC, root, libvirt } = programs;
  const [older, newest] = [major(process.version), major(programs.versions['newest node'])];
  return {
    c: { name: 'bare C, static', command: [bareC] },
    node: { name: `bare Node ${older}`, command: [node, program('empty.cjs')] },
    newestNode: { name: `bare Node ${newest}`, command: [newestNode, program('empty.cjs')] },
    nodeByte: { name: `bare Node ${older}, one write`, command: [node, program('one-byte.cjs')] },
    newestNodeByte: {
      name: `bare Node ${newest}, one write`,
      command: [newestNode, program('one-byte.cjs')],
    },
    // It only ever asks a libvirtd for a CID: without one, and without AF_VSOCK, its start is all that can be timed.
    libvirt: {
      name: 'libvirt-ssh-proxy, no libvirtd',
      root: root.path,
      absent: libvirt.absent,
      command: [pathOf(libvirt), 'qemu:system/absent', '22'],
    },
  };
}

/** @param {string} version */
function major(version) {
  return version.replace(/^v/, '').split('.')[0];
}
