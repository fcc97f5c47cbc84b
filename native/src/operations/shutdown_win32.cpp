#include "../system/failure_win32.h"
#include "../functions.h"

namespace hvsock {

napi_value shutdown(Call& call) {
  const auto socket = call.socket(0);
  if (::shutdown(socket->fd(), SD_SEND) != 0) {
    const Failure failure = lastWinsock("shutdown");
    // The peer is gone, so nobody is left to notify.
    const bool gone = failure.number == WSAENOTCONN || failure.number == WSAECONNRESET || failure.number == WSAECONNABORTED;
    if (!gone) throw failure;
  }
  return undefined(call.env);
}

}  // namespace hvsock
