#pragma once

#include <memory>

#include "../reactor/operation.h"

namespace hvsock {

// The terminal at stdin passes each key at once, without echo, and Ctrl-C as a key. Throws Failure.
void makeTerminalRaw(const char* function);
// As it was before; does nothing if it is.
void restoreTerminal() noexcept;

std::shared_ptr<Operation> readingKeys();

}  // namespace hvsock
