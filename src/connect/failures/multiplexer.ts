import { exhausted } from './exhausted.js';
import type { Failure } from './failure.js';

/** What an errno or a multiplexer's answer means for a connection through its socket. */
export const multiplexerFailures: readonly Failure[] = [
  {
    codes: ['ENOENT', 'ENOTDIR'],
    problem: 'no multiplexer socket at {address}',
    hint: 'check that the VM is running, and the path given to its VMM (uds_path, socket=, --uds-path)',
  },
  {
    codes: ['ECONNREFUSED'],
    problem: 'the multiplexer at {address} is gone and left its socket file',
    hint: 'start the VM again: its VMM creates the socket',
  },
  {
    codes: ['EACCES', 'EPERM'],
    problem: "no permission to open the multiplexer's socket {address}",
    hint: 'the VM belongs to another user, or its folder is closed to you: see namei -l {address}',
  },
  {
    codes: ['ENAMETOOLONG'],
    problem: 'the socket path {address} is too long: AF_UNIX takes at most 107 bytes',
    hint: 'use a shorter path, such as a symbolic link to its folder',
  },
  {
    codes: ['ELOOP'],
    problem: 'the path {address} is a loop of symbolic links',
    hint: 'see namei {address}',
  },
  {
    codes: ['EPROTOTYPE'],
    problem: '{address} is a datagram socket, not a multiplexer',
    hint: 'use the path given to the VMM as uds_path, socket= or --uds-path',
  },
  {
    codes: ['EOF', 'ECONNRESET', 'EPIPE'],
    problem: 'the multiplexer closed the connection: nothing listens on vsock port {port} in the guest',
    hint: 'in the guest, run: systemctl list-sockets "sshd-vsock*"; use --wait while it boots',
  },
  {
    codes: ['EAGAIN', 'ETIMEDOUT'],
    problem: 'the multiplexer at {address} did not answer in time',
    hint: 'check that the VM is not paused, or allow more time with --timeout SECONDS',
  },
  {
    codes: ['PROTOCOL'],
    problem: 'the socket at {address} is not a vsock multiplexer',
    hint: '"CONNECT {port}" should be answered with "OK NUMBER"; for a plain socket use unix/PATH',
  },
  ...exhausted,
];
