#include "../functions.h"

namespace hvsock {

napi_value copyAccess(Call& call) {
  throw Failure{ENOSYS, call.function, "access lists are those of Windows"};
}

napi_value accessList(Call& call) {
  throw Failure{ENOSYS, call.function, "access lists are those of Windows"};
}

}  // namespace hvsock
