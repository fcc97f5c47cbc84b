#pragma once

namespace hvsock {

// What a process still may do. native/engine/confine/profiles_linux.h lists the system calls.
enum class Profile {
  relay,      // moves bytes between the descriptors that it has
  read,       // as relay; also reads files, connects to unix sockets, and starts threads
  serve,      // as read; also accepts connections, connects to vsock and TCP ports, and asks the kernel whose a connection is
  servePath,  // as serve; also removes files, as that of its own unix socket
  write,      // as read; also changes files
};

// From here on all threads of this process can do no more than that: every other system call fails with ENOSYS, and they gain no rights
// by execve(2). It cannot be undone. False where nothing changes: in Node, on Windows, where the kernel has no such filter, or a
// container's forbids it.
bool confine(Profile profile);

}  // namespace hvsock
