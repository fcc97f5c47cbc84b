#pragma once

#include <string>
#include <vector>

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

// How a relay of the executable goes on in a process that holds nothing else: `HandOff` in native.d.ts.
struct HandOff {
  double afterMs;
  bool ignoresInterrupts;
  bool isConfined;
  std::string title;
  std::vector<std::string> onFailure;
};

// What that process relays.
struct RelayEnds {
  int socket;
  int input;
  int output;
  double lingerMs;
  bool isMultiplexed;   // a multiplexer is at the socket's other end
  int multiplexerFile;  // the file of its socket; below 0 if it could not be opened
};

// Replaces this process by one that only relays. Returns if that cannot be done.
void execHandOff(const HandOff& handOff, const RelayEnds& ends);

}  // namespace hvsock
