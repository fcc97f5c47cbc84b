import { exhausted } from './exhausted.js';
import type { Failure } from './failure.js';

/** What an errno, or a multiplexer's answer, means on the way through its socket. */
export const multiplexerFailures: readonly Failure[] = [
  {
    codes: ['ENOENT', 'ENOTDIR'],
    problem: 'there is no multiplexer socket at {address}',
    hint: 'see whether the VM runs, and the path that its monitor was given (uds_path, socket=, --uds-path)',
  },
  {
    codes: ['ECONNREFUSED'],
    problem: 'the multiplexer at {address} is gone: its socket file was left behind',
    hint: 'start the VM again; its monitor makes the socket anew',
  },
  {
    codes: ['EACCES', 'EPERM'],
    problem: "no permission to open the multiplexer's socket {address}",
    hint: 'the VM belongs to another user, or its folder is closed: see namei -l {address}',
  },
  {
    codes: ['ENAMETOOLONG'],
    problem: 'the socket path {address} is too long: AF_UNIX takes at most 107 bytes',
    hint: 'reach it by a shorter path, for example by a symbolic link to its folder',
  },
  {
    codes: ['ELOOP'],
    problem: 'the path {address} runs in a circle of symbolic links',
    hint: 'see namei {address}',
  },
  {
    codes: ['EPROTOTYPE'],
    problem: '{address} is a datagram socket, no multiplexer',
    hint: 'the path is the one that the monitor was given as uds_path, socket= or --uds-path',
  },
  {
    codes: ['EOF', 'ECONNRESET', 'EPIPE'],
    problem: 'the multiplexer closed the connection: in the guest nobody listens on vsock port {port}',
    hint: 'in the guest see: systemctl status sshd-vsock.socket; while it boots, use --wait',
  },
  {
    codes: ['EAGAIN', 'ETIMEDOUT'],
    problem: 'the multiplexer at {address} did not answer in time',
    hint: 'see whether the VM is paused; give it longer with --timeout SECONDS',
  },
  {
    codes: ['PROTOCOL'],
    problem: 'the socket at {address} does not speak as a vsock multiplexer',
    hint: 'expected "OK NUMBER" as the answer to "CONNECT {port}"; for a plain socket use unix/PATH',
  },
  ...exhausted,
];
