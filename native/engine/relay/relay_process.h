#pragma once

namespace hvsock {

// The first word of a process that only relays. No file is called that, so that nobody starts one by a link.
constexpr const char* relayProcessName = "vmssh: relay";

// Of its environment: what it says if the relay fails. `onFailure` of native.d.ts, a line for each word.
constexpr const char* relayFailuresVariable = "VMSSH_RELAY_FAILURES";

// What the executable becomes when its relay lasts, with its descriptors, all signals blocked, and no engine. Its words:
//   "vmssh: relay" TITLE SOCKET INPUT OUTPUT LINGER_MS INTERRUPTS CONFINED
// TITLE is for whoever looks at the list of processes; INTERRUPTS is "ignore" or "default"; CONFINED is "confined" (own_process.h) or
// "free". It ends with 0, or says what failed and ends with 1.
int relayProcess(int count, char** words);

}  // namespace hvsock
