#include "functions.h"

// What only Windows has.
namespace hvsock {

napi_value copyAccess(Call& call) { throw Failure{ENOSYS, call.function, "access lists are those of Windows"}; }

napi_value hyperVMachines(Call& call) { throw Failure{ENOSYS, call.function, "Hyper-V is not available on linux"}; }

napi_value hyperVRights(Call& call) { return hyperVMachines(call); }

}  // namespace hvsock
