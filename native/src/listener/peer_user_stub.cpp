#include "../functions.h"

namespace hvsock {

napi_value peerUser(Call& call) {
  throw Failure{ENOSYS, call.function, "the user of a connection is not available on win32"};
}

napi_value peerProcess(Call& call) {
  throw Failure{ENOSYS, call.function, "the process of a connection is not available on win32"};
}

}  // namespace hvsock
