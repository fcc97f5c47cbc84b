#pragma once

namespace hvsock {

// Takes over a relay from a process that replaced itself by this one, with its descriptors, and all signals blocked. Arguments:
//   vmssh-relay TITLE SOCKET INPUT OUTPUT LINGER_MS INTERRUPTS COMMAND...
// TITLE is for the list of processes; INTERRUPTS is "ignore" or "default". It exits with 0, or becomes
// COMMAND with the error's code as one more argument.
int relayProcess(int count, char** args);

}  // namespace hvsock
