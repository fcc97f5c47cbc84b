#pragma once

#include <cstdint>

#include "event.h"
#include "socket.h"

namespace hvsock {

enum class RelayEnd { peer, output, linger };

struct RelayResult {
  std::uint64_t sent;
  std::uint64_t received;
  RelayEnd end;
};

// Moves bytes both ways until it is over, or `stop` is set (ECANCELED). Blocks; for a thread of its own.
RelayResult runRelay(const Socket& socket, int input, int output, double lingerMs, const Event& stop);

}  // namespace hvsock
