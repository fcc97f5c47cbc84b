#include <sys/socket.h>

#include "../functions.h"

namespace hvsock {

napi_value shutdown(Call& call) {
  const auto socket = call.socket(0);
  // ENOTCONN: the peer is gone, so nobody is left to notify.
  if (::shutdown(socket->fd(), SHUT_WR) != 0 && errno != ENOTCONN) throw Failure::last("shutdown");
  return undefined(call.env);
}

}  // namespace hvsock
