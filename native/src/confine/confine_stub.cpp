#include "confine.h"

namespace hvsock {

// Node compiles code into memory, and which calls its own threads make depends on its version. The executable has native/engine/confine
// in this place.
bool confine(Profile) { return false; }

}  // namespace hvsock
