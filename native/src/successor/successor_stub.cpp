#include "successor.h"

namespace hvsock {

// No such system lets a process go on as another program: the relay stays where it is.
void become(const Successor&, int, int, int, double) {}

}  // namespace hvsock
