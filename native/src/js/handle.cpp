#include "handle.h"

#include "js.h"

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

}  // namespace hvsock
