import { exhausted, windowsExhausted } from './exhausted.js';
import type { Failure } from './failure.js';

/**
 * What the errno of a connect means for AF_UNIX, from unix(7); the WSA codes as users of Windows report them:
 * https://github.com/golang/go/issues/44797, https://github.com/microsoft/WSL/issues/4240
 */
export const unixFailures: readonly Failure[] = [
  {
    codes: ['ENOENT', 'ENOTDIR'],
    problem: 'there is no socket at {address}',
    hint: 'see whether the machine runs and exports it: ls -l {address}',
  },
  {
    codes: ['ECONNREFUSED'],
    problem: '{address} is not a socket that anybody listens on',
    hint: 'its server ended and left the file behind, or never listened: see ss -xl',
  },
  {
    codes: ['EACCES', 'EPERM'],
    problem: 'no permission to open {address}',
    hint: 'write permission on the socket and search permission on its folders is needed: see namei -l {address}',
  },
  {
    codes: ['ENAMETOOLONG'],
    problem: 'the socket path {address} is too long: AF_UNIX takes at most 107 bytes',
    hint: 'reach it by a shorter path, for example by a symbolic link to its folder',
  },
  {
    codes: ['EPROTOTYPE'],
    problem: '{address} is a datagram socket, no stream socket',
    hint: 'see ss -xl for the stream sockets of this host',
  },
  {
    codes: ['ELOOP'],
    problem: 'the path {address} runs in a circle of symbolic links',
    hint: 'see namei {address}',
  },
  {
    codes: ['EAGAIN', 'ETIMEDOUT'],
    problem: 'nobody took the connection at {address} in time: its queue is full or its server hangs',
    hint: 'see whether its server is alive: ss -xlp; give it longer with --timeout SECONDS',
  },
  ...exhausted,
  {
    codes: ['WSAECONNREFUSED'],
    problem: 'nobody listens at {address}, or there is no such file',
    hint: 'see whether its server runs, and for the file: dir /a "{address}"',
  },
  {
    codes: ['WSAENETDOWN', 'WSAEINVAL'],
    problem: 'Windows does not take {address} for the path of a unix socket',
    hint: 'the folder has to be there, the path one of Windows, such as unix/C:/Users/me/x.sock, and the socket no file of Cygwin, MSYS or WSL',
  },
  {
    codes: ['WSAEACCES'],
    problem: 'Windows does not permit this user to open {address}',
    hint: 'write permission on the socket is needed: see icacls "{address}"',
  },
  {
    codes: ['WSAEAFNOSUPPORT', 'WSAEPROTONOSUPPORT', 'WSAESOCKTNOSUPPORT'],
    problem: 'this Windows has no unix sockets',
    hint: 'Windows 10 1803 and later have them, by the driver afunix: sc query afunix',
  },
  windowsExhausted,
];
