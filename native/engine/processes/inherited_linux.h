#pragma once

namespace engine {

// Gives what our caller left open to the next program that is started if that is in our place: it may have been told to read it
// (rsync --files-from=<(ls)). No other program has it.
void giveLeftOpen(bool inOurPlace);

}  // namespace engine
