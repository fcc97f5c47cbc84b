#pragma once

#include <vector>

#include "outbox.h"

namespace engine {

// Keeps a pipe that was closed here until what was written to it is with its reader.
void linger(HANDLE handle, std::unique_ptr<Outbox> outbox);

// Closes those that are done; gives the events of the others.
std::vector<HANDLE> lingering();

}  // namespace engine
