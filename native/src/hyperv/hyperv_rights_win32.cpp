#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include "../functions.h"

namespace hvsock {
namespace {

// Whether the calling thread's token has the group S-1-5-32-<alias>, enabled.
bool isMember(DWORD alias) {
  SID_IDENTIFIER_AUTHORITY authority = SECURITY_NT_AUTHORITY;
  PSID sid = nullptr;
  if (!AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID, alias, 0, 0, 0, 0, 0, 0, &sid)) return false;
  BOOL member = FALSE;
  const BOOL known = CheckTokenMembership(nullptr, sid, &member);
  FreeSid(sid);
  return known && member;
}

napi_value toBoolean(napi_env env, bool value) {
  napi_value result = nullptr;
  check(env, napi_get_boolean(env, value, &result));
  return result;
}

}  // namespace

// https://learn.microsoft.com/en-us/windows-server/identity/ad-ds/manage/understand-security-identifiers
napi_value hyperVRights(Call& call) {
  constexpr DWORD hyperVAdministrators = 578;
  napi_value rights = nullptr;
  check(call.env, napi_create_object(call.env, &rights));
  // Without elevation an administrator's token has the group only for denials.
  set(call.env, rights, "elevated", toBoolean(call.env, isMember(DOMAIN_ALIAS_RID_ADMINS)));
  set(call.env, rights, "hyperVAdministrator", toBoolean(call.env, isMember(hyperVAdministrators)));
  return rights;
}

}  // namespace hvsock
