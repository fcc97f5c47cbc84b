#pragma once

#include <cstddef>

namespace engine {

// Bytes of the stack below this call that JavaScript may take, so that some are left for the functions that it calls.
std::size_t stackLeft();

}  // namespace engine
