#pragma once

#include "js/call.h"

namespace hvsock {

// The exported functions that have files of their own; native.d.ts describes them.
napi_value shutdown(Call& call);
napi_value relay(Call& call);
napi_value relaySockets(Call& call);
napi_value peerUser(Call& call);
napi_value peerProcess(Call& call);
napi_value sendFd(Call& call);
napi_value socketPair(Call& call);
napi_value copyAccess(Call& call);
napi_value hyperVMachines(Call& call);
napi_value hyperVRights(Call& call);

}  // namespace hvsock
