#pragma once

namespace hvsock {

// The first word of a process that only relays. No file is called that, so that nobody starts one by a link.
constexpr const char* relayProcessName = "vmssh: relay";

// What the executable becomes when its relay lasts, with its descriptors, all signals blocked, and no engine. Its words:
//   "vmssh: relay" TITLE SOCKET INPUT OUTPUT LINGER_MS INTERRUPTS COMMAND...
// TITLE is for whoever looks at the list of processes; INTERRUPTS is "ignore" or "default". It ends with 0, or becomes
// COMMAND with the error's code as one more argument.
int relayProcess(int count, char** words);

}  // namespace hvsock
