#include "confine.h"

#include <string>

#include "../functions.h"

namespace hvsock {
namespace {

constexpr struct {
  const char* name;
  Profile profile;
} names[] = {
    {"read", Profile::read},
    {"serve", Profile::serve},
    {"serve-path", Profile::servePath},
    {"write", Profile::write},
};

Profile toProfile(const Call& call, napi_value value) {
  const std::string text = typeOf(call.env, value) == napi_string ? fromText(call.env, value) : "";
  for (const auto& each : names) {
    if (text == each.name) return each.profile;
  }
  reject(call.env, call.function, "profile", "\"read\", \"serve\", \"serve-path\" or \"write\"", value);
}

}  // namespace

napi_value confine(Call& call) {
  const bool isConfined = confine(toProfile(call, call.argument(0)));
  napi_value result = nullptr;
  check(call.env, napi_get_boolean(call.env, isConfined, &result));
  return result;
}

}  // namespace hvsock
