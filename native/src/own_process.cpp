#include "own_process.h"

namespace hvsock {

// Node compiles code into memory, and which calls its own threads make depends on its version. The executable has native/engine/confine
// in this place.
bool confine(Profile) { return false; }

// An addon's process is not its own: the relay stays where it is. The executable has native/engine/relay in this place.
void execHandOff(const HandOff&, const RelayEnds&) {}

}  // namespace hvsock
