#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <hvsocket.h>

// Not in the winsock2.h of every mingw-w64.
#if !defined(AF_HYPERV)
#define AF_HYPERV 34
#endif

namespace hvsock {

static_assert(HV_PROTOCOL_RAW == 1);
static_assert(HVSOCKET_CONNECTED_SUSPEND == 4);

// The protocol of a stream socket of this family.
inline int streamProtocol(int family) { return family == AF_HYPERV ? HV_PROTOCOL_RAW : 0; }

// A connection then outlives a pause of its machine. Without the option it breaks, as is the system's default.
inline void keepWhilePaused(SOCKET socket) {
  const ULONG yes = 1;
  setsockopt(socket, HV_PROTOCOL_RAW, HVSOCKET_CONNECTED_SUSPEND, reinterpret_cast<const char*>(&yes), sizeof yes);
}

}  // namespace hvsock
