#pragma once

#include <string>

namespace engine {

// Bytes that nobody can guess. Throws.
std::string randomBytes(std::size_t count);

}  // namespace engine
