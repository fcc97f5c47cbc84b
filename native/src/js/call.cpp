#include "call.h"

namespace hvsock {

Call::Call(napi_env env, napi_callback_info info) : env(env) {
  std::size_t count = most;
  void* name = nullptr;
  check(env, napi_get_cb_info(env, info, &count, arguments_, nullptr, &name));
  function = static_cast<const char*>(name);
}

Handle& Call::handle(std::size_t index) const {
  Handle* handle = Handle::from(env, arguments_[index]);
  if (handle == nullptr) reject(env, function, "handle", "a socket of this addon", arguments_[index]);
  return *handle;
}

std::shared_ptr<Socket> Call::socket(std::size_t index) const {
  const auto& socket = handle(index).socket;
  if (!socket || !socket->descriptor.isOpen()) throw Failure{EBADF, function, "the handle is closed"};
  return socket;
}

int Call::descriptor(std::size_t index, const char* name) const {
  return toDescriptor(*this, name, arguments_[index]);
}

double Call::number(std::size_t index, const char* name, double least, double most) const {
  return wholeNumber(env, function, name, arguments_[index], least, most);
}

int toDescriptor(const Call& call, const std::string& what, napi_value value) {
  return static_cast<int>(wholeNumber(call.env, call.function, what, value, 0, 2147483647));
}

}  // namespace hvsock
