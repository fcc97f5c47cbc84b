#include "functions.h"

// What Windows lacks.
namespace hvsock {

napi_value peerUser(Call& call) {
  throw Failure{ENOSYS, call.function, "the user of a connection is not available on win32"};
}

napi_value peerProcess(Call& call) {
  throw Failure{ENOSYS, call.function, "the process of a connection is not available on win32"};
}

napi_value sendFd(Call& call) { throw Failure{ENOSYS, call.function, "passing a socket is not available on win32"}; }

napi_value socketPair(Call& call) { throw Failure{ENOSYS, call.function, "a socket pair is not available on win32"}; }

}  // namespace hvsock
