import { lstatSync } from 'node:fs';
import type { Addon, Handle } from 'node-hvsock-native';
import { cidAny } from '../../../address/cid.js';
import { CommandError, type Io } from '../../../cli/command.js';
import { quote } from '../../../errors.js';
import { openListener } from '../listener.js';
import { endOf } from '../tcp-end.js';
import { backlog, type MachineListener } from './machine-listener.js';
import type { ReverseEndpoint, ReverseMachine } from './reverse-machine.js';

/** Throws a CommandError. */
export async function openForMachine(
  endpoint: ReverseEndpoint,
  machine: ReverseMachine,
  addon: Addon,
  io: Io,
  uid = process.getuid?.(),
): Promise<MachineListener> {
  if (endpoint.family === 'vsock') return byKernel(endpoint.port, machine, addon);
  if (endpoint.family === 'hyper-v') {
    const { byHyperV } = await import('./by-hyper-v.js');
    return byHyperV(endpoint, addon, io);
  }
  checkOwner(endpoint.path, uid);
  // By Firecracker's documentation of vsock it connects there for a connection of the machine.
  const local = { family: 'unix', path: `${endpoint.path}_${endpoint.port}` } as const;
  const { handle, close } = await openListener(local, addon, io);
  return { handle, close, at: { path: local.path }, refuse: async () => undefined };
}

/** One port for all machines of this host: the kernel says which one a connection is from. */
function byKernel(port: number, machine: ReverseMachine, addon: Addon): MachineListener {
  const handle = listening(port, addon);
  return {
    handle,
    at: { port },
    close: () => addon.close(handle),
    async refuse(client) {
      const peer = endOf(addon, client, 1);
      if (peer?.family !== 'vsock') return 'turned away: the client ended';
      const { cid } = peer;
      const away = `turned away: CID ${cid} of another machine`;
      // The first look is cheap, however often another machine comes; the second one is for a CID that was given away.
      for (const look of [machine.recently, machine.now]) {
        const { endpoint } = await look().catch(() => ({ endpoint: undefined }));
        if (endpoint?.family !== 'vsock' || endpoint.cid !== cid) return away;
      }
      return undefined;
    },
  };
}

function listening(port: number, addon: Addon): Handle {
  try {
    return addon.listen({ family: 'vsock', cid: cidAny, port }, backlog);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const { problem, hint } = explanations[code] ?? { problem: message, hint: undefined };
    throw new CommandError(code, `cannot listen on vsock port ${port}: ${problem} (${code})`, hint);
  }
}

const explanations: Readonly<Record<string, { readonly problem: string; readonly hint: string }>> = {
  EADDRINUSE: {
    problem: 'another program listens there',
    hint: 'each machine needs a port of its own on this host: name another one',
  },
  EACCES: { problem: 'permission denied', hint: 'name a port from 1024 on' },
  EAFNOSUPPORT: { problem: 'this kernel has no vsock', hint: 'modprobe vhost_vsock' },
};

/** Our socket has mode 0600, so the multiplexer has to be ours, or root's. */
function checkOwner(path: string, uid: number | undefined): void {
  let owner: number;
  try {
    owner = lstatSync(path).uid;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new CommandError(code, `cannot listen beside ${quote(path)}: ${message}`);
  }
  if (owner === uid || owner === 0) return;
  throw new CommandError(
    'OTHER_OWNER',
    `cannot listen beside ${quote(path)}: it is of user ${owner}, whose multiplexer could not open our socket`,
    `run vmssh as that user: sudo -u '#${owner}' vmssh forward --reverse`,
  );
}
