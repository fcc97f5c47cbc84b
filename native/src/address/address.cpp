#include "address.h"

#include "../js/js.h"

namespace hvsock {
namespace {

#if defined(_WIN32)
constexpr const char* supported[] = {"unix", "inet", "hyper-v"};
#else
constexpr const char* supported[] = {"unix", "vsock", "inet"};
#endif

struct Fields {
  napi_env env;
  const char* function;
  napi_value object;

  std::string text(const char* name) const {
    const napi_value value = get(env, object, name);
    if (typeOf(env, value) != napi_string) reject(env, function, path(name), "a string", value);
    return fromText(env, value);
  }
  std::uint32_t number(const char* name, double most) const {
    return static_cast<std::uint32_t>(wholeNumber(env, function, path(name), get(env, object, name), 0, most));
  }
  static std::string path(const char* name) { return std::string("address.") + name; }
};

}  // namespace

SocketAddress toAddress(napi_env env, const char* function, napi_value value) {
  if (typeOf(env, value) != napi_object) reject(env, function, "address", "an object", value);
  const Fields fields{env, function, value};
  const napi_value name = get(env, value, "family");
  const std::string family = typeOf(env, name) == napi_string ? fromText(env, name) : "";
  if (family == "unix") return unixAddress(function, fields.text("path"));
  if (family == "vsock") return vsockAddress(fields.number("cid", UINT32_MAX), fields.number("port", UINT32_MAX));
  if (family == "inet") {
    return inetAddress(function, fields.text("host"), static_cast<std::uint16_t>(fields.number("port", UINT16_MAX)));
  }
  if (family == "hyper-v") return hyperVAddress(function, fields.text("vmId"), fields.text("serviceId"));
  reject(env, function, "address.family", "\"unix\", \"vsock\", \"inet\" or \"hyper-v\"", name);
}

napi_value families(napi_env env) {
  napi_value array = nullptr;
  check(env, napi_create_array(env, &array));
  std::uint32_t index = 0;
  for (const char* name : supported) check(env, napi_set_element(env, array, index++, toText(env, name)));
  return array;
}

}  // namespace hvsock
