#pragma once

namespace hvsock {

// What a process becomes whose relay lasts, with its descriptors, and all signals blocked. Its words:
//   vmssh-relay TITLE SOCKET INPUT OUTPUT LINGER_MS INTERRUPTS COMMAND...
// TITLE is for who looks at the list of processes; INTERRUPTS is "ignore" or "default". It ends with 0, or becomes
// COMMAND with the error's code as one more argument.
int relayProcess(int count, char** words);

}  // namespace hvsock
