#include "../functions.h"

namespace hvsock {

napi_value threadTime(Call& call) { throw Failure{ENOSYS, call.function, "asked only of Windows"}; }

}  // namespace hvsock
