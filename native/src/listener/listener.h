#pragma once

#include "../address/address.h"
#include "../js/call.h"

namespace hvsock {

// The calls that differ by system. They throw Failure.
Descriptor listeningOn(const SocketAddress& address, int backlog);
// A listening stream socket that this process was started with: from now on non-blocking, and closed in other programs.
Descriptor adopted(int descriptor);
// Takes the next connection; a Descriptor that is not open if there is none yet.
Descriptor accepted(Descriptor::Number listener);

std::shared_ptr<Operation> accepting(std::shared_ptr<Socket> listener);

}  // namespace hvsock
