#pragma once

#include <memory>
#include <vector>

#include "../address/address.h"
#include "../js/call.h"
#include "../reactor/operation.h"

namespace hvsock {

// What differs by system; the arguments were checked in functions.cpp. Each function may throw Failure.
std::shared_ptr<Operation> accepting(std::shared_ptr<Socket> listener);
std::shared_ptr<Operation> connecting(const SocketAddress& address, double timeout);
std::shared_ptr<Operation> reading(std::shared_ptr<Socket> socket, std::size_t most);
std::shared_ptr<Operation> peeking(std::shared_ptr<Socket> socket, std::size_t known, std::size_t most, double timeout);
std::shared_ptr<Operation> writing(napi_env env, std::shared_ptr<Socket> socket, napi_value data);
std::shared_ptr<Operation> watchingHangup(const std::vector<int>& descriptors);

Descriptor listeningOn(const SocketAddress& address, int backlog);
// A listening stream socket that this process was started with: from now on non-blocking, and closed in other programs.
Descriptor adopted(int descriptor);

// The terminal at stdin passes each key at once, without echo, and Ctrl-C as a key.
void makeTerminalRaw(const char* function);
// As it was before; does nothing if it is.
void restoreTerminal() noexcept;

std::shared_ptr<Operation> readingKeys();

}  // namespace hvsock
