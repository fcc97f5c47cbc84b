#pragma once

#include "js/call.h"

namespace hvsock {

// The exported functions; native.d.ts describes them.
napi_value connect(Call& call);
napi_value read(Call& call);
napi_value peek(Call& call);
napi_value write(Call& call);
napi_value shutdown(Call& call);
napi_value relay(Call& call);
napi_value relaySockets(Call& call);
napi_value listen(Call& call);
napi_value adoptListener(Call& call);
napi_value accept(Call& call);
napi_value socketAddress(Call& call);
napi_value peerUser(Call& call);
napi_value peerProcess(Call& call);
napi_value sendFd(Call& call);
napi_value socketPair(Call& call);
napi_value watchHangup(Call& call);
napi_value rawTerminal(Call& call);
napi_value readKeys(Call& call);
napi_value copyAccess(Call& call);
napi_value accessList(Call& call);
napi_value hyperVMachines(Call& call);
napi_value hyperVRights(Call& call);
napi_value confine(Call& call);

}  // namespace hvsock
