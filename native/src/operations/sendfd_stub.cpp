#include "../functions.h"

namespace hvsock {

napi_value sendFd(Call& call) { throw Failure{ENOSYS, call.function, "passing a socket is not available on win32"}; }

}  // namespace hvsock
