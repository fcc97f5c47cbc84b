#include "../functions.h"

namespace hvsock {
namespace {

[[noreturn]] void unavailable(const Call& call) {
  throw Failure{ENOSYS, call.function, "Hyper-V is not available on linux"};
}

}  // namespace

napi_value hyperVMachines(Call& call) { unavailable(call); }

napi_value hyperVRights(Call& call) { unavailable(call); }

}  // namespace hvsock
