#include "call.h"

namespace hvsock {
namespace {

constexpr napi_type_tag tag{0x6e0a4f5be3c24c1d, 0x9b7d52f08a16e3c4};

void release(napi_env, void* data, void*) { delete static_cast<Handle*>(data); }

}  // namespace

napi_value Handle::create(napi_env env, std::shared_ptr<Socket> socket) {
  napi_value object = nullptr;
  check(env, napi_create_object(env, &object));
  check(env, napi_type_tag_object(env, object, &tag));
  auto handle = std::make_unique<Handle>(Handle{std::move(socket)});
  check(env, napi_wrap(env, object, handle.get(), release, nullptr, nullptr));
  static_cast<void>(handle.release());
  return object;
}

Handle* Handle::from(napi_env env, napi_value value) {
  if (typeOf(env, value) != napi_object) return nullptr;
  bool ours = false;
  check(env, napi_check_object_type_tag(env, value, &tag, &ours));
  if (!ours) return nullptr;
  void* handle = nullptr;
  check(env, napi_unwrap(env, value, &handle));
  return static_cast<Handle*>(handle);
}

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

bool toFlag(const Call& call, const char* what, napi_value value) {
  if (typeOf(call.env, value) != napi_boolean) reject(call.env, call.function, what, "a boolean", value);
  bool flag = false;
  check(call.env, napi_get_value_bool(call.env, value, &flag));
  return flag;
}

}  // namespace hvsock
