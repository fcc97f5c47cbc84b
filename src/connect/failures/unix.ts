import { exhausted, windowsExhausted } from './exhausted.js';
import type { Failure } from './failure.js';

/**
 * What the errno of a connect means for AF_UNIX, from unix(7); the WSA codes from reports by users of Windows:
 * https://github.com/golang/go/issues/44797, https://github.com/microsoft/WSL/issues/4240
 */
export const unixFailures: readonly Failure[] = [
  {
    codes: ['ENOENT', 'ENOTDIR'],
    problem: 'no socket at {address}',
    hint: 'check that the machine is running and exports it: ls -l {address}',
    hintForThisHost:
      'systemd 256 and later make it if sshd is installed; for one before: vmssh guest generator | sudo install -D -m 755 /dev/stdin /etc/systemd/system-generators/vmssh-ssh-generator && sudo systemctl daemon-reload && sudo systemctl start sshd-unix-local.socket',
  },
  {
    codes: ['ECONNREFUSED'],
    problem: 'nothing listens on the socket {address}',
    hint: 'its server ended and left the file, or never listened: see ss -xl',
  },
  {
    codes: ['EACCES', 'EPERM'],
    problem: 'no permission to open {address}',
    hint: 'you need write permission on the socket and search permission on its folders: see namei -l {address}',
  },
  {
    codes: ['ENAMETOOLONG'],
    problem: 'the socket path {address} is too long: AF_UNIX takes at most 107 bytes',
    hint: 'use a shorter path, such as a symbolic link to its folder',
  },
  {
    codes: ['EPROTOTYPE'],
    problem: '{address} is a datagram socket, not a stream socket',
    hint: 'ss -xl lists the stream sockets of this host',
  },
  {
    codes: ['ELOOP'],
    problem: 'the path {address} is a loop of symbolic links',
    hint: 'see namei {address}',
  },
  {
    codes: ['EAGAIN', 'ETIMEDOUT'],
    problem: 'the server at {address} did not accept the connection in time: its queue is full, or it hangs',
    hint: 'check its server: ss -xlp; or allow more time with --timeout SECONDS',
  },
  ...exhausted,
  {
    codes: ['WSAECONNREFUSED'],
    problem: 'nothing listens on {address}, or there is no such file',
    hint: 'check that its server is running, and the file: dir /a "{address}"',
  },
  {
    codes: ['WSAENETDOWN', 'WSAEINVAL'],
    problem: 'Windows rejects {address} as the path of a unix socket',
    hint: 'the folder must exist, the path must be a Windows path such as unix/C:/Users/me/x.sock, and the socket must not be one of Cygwin, MSYS or WSL',
  },
  {
    codes: ['WSAEACCES'],
    problem: 'Windows does not let this user open {address}',
    hint: 'you need write permission on the socket: see icacls "{address}"',
  },
  {
    codes: ['WSAEAFNOSUPPORT', 'WSAEPROTONOSUPPORT', 'WSAESOCKTNOSUPPORT'],
    problem: 'this Windows has no unix sockets',
    hint: 'Windows 10 1803 and later have them, with the driver afunix: sc query afunix',
  },
  windowsExhausted,
];
