#include "../functions.h"

namespace hvsock {

napi_value socketPair(Call& call) { throw Failure{ENOSYS, call.function, "a socket pair is not available on win32"}; }

}  // namespace hvsock
