#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "../address/address.h"
#include "../stream/socket.h"
#include "../system/threads.h"

namespace hvsock {

enum class RelayEnd { peer, output, linger };

struct RelayResult {
  std::uint64_t sent;
  std::uint64_t received;
  RelayEnd end;
};

// What a relay does once, after `afterMs`, as soon as both directions are open and idle: then it holds no bytes.
struct AtRest {
  double afterMs;
  std::function<void(int multiplexerFile)> action;  // below 0: none
};

// Moves bytes in both directions until it is over, or `stop` is set (ECANCELED). Blocks, so it needs its own thread. With the
// address of a multiplexer that `socket` is connected to, an end-of-file from one that is gone is ECONNRESET (Linux only).
RelayResult runRelay(const Socket& socket, int input, int output, double lingerMs, const Event& stop,
                     const std::optional<SocketAddress>& multiplexer, const AtRest* atRest = nullptr);
// The same between two sockets: what `other` sends goes to `socket`, and back.
RelayResult runRelay(const Socket& socket, const Socket& other, const Event& stop,
                     const std::optional<SocketAddress>& multiplexer);

}  // namespace hvsock
