#include <winsock2.h>
// needs winsock2.h from above
#include <oleauto.h>
#include <wbemcli.h>
#include <windows.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "functions.h"
#include "system/failure.h"

namespace hvsock {
namespace {

// Owns one reference to a COM object.
template <typename Interface>
class ComPointer {
 public:
  ComPointer() = default;
  ~ComPointer() {
    if (pointer_ != nullptr) pointer_->Release();
  }
  ComPointer(const ComPointer&) = delete;
  ComPointer& operator=(const ComPointer&) = delete;

  Interface** out() { return &pointer_; }
  Interface* get() const { return pointer_; }
  Interface* operator->() const { return pointer_; }

 private:
  Interface* pointer_ = nullptr;
};

// Owns a BSTR.
class ComText {
 public:
  explicit ComText(const wchar_t* text) : text_(SysAllocString(text)) {}
  ~ComText() { SysFreeString(text_); }
  ComText(const ComText&) = delete;
  ComText& operator=(const ComText&) = delete;
  BSTR get() const { return text_; }

 private:
  const BSTR text_;
};

// Owns what a VARIANT holds.
struct ComVariant : VARIANT {
  ComVariant() { VariantInit(this); }
  ~ComVariant() { VariantClear(this); }
  ComVariant(const ComVariant&) = delete;
  ComVariant& operator=(const ComVariant&) = delete;
};

// COM on this thread.
class ComApartment {
 public:
  ComApartment() : result(CoInitializeEx(nullptr, COINIT_MULTITHREADED)) {}
  ~ComApartment() {
    if (SUCCEEDED(result)) CoUninitialize();
  }
  ComApartment(const ComApartment&) = delete;
  ComApartment& operator=(const ComApartment&) = delete;

  const HRESULT result;
};

struct Machine {
  std::u16string id;
  std::u16string name;
  std::int32_t state = 0;
};

void checkCom(HRESULT result, const char* syscall) {
  if (FAILED(result)) throw Failure{static_cast<int>(result), syscall, {}};
}

std::u16string textOf(IWbemClassObject* object, const wchar_t* field) {
  ComVariant value;
  checkCom(object->Get(field, 0, &value, nullptr, nullptr), "IWbemClassObject::Get");
  if (value.vt != VT_BSTR) return {};
  return std::u16string(reinterpret_cast<const char16_t*>(value.bstrVal), SysStringLen(value.bstrVal));
}

// A uint16 of WMI comes as a VT_I4.
std::int32_t numberOf(IWbemClassObject* object, const wchar_t* field) {
  ComVariant value;
  checkCom(object->Get(field, 0, &value, nullptr, nullptr), "IWbemClassObject::Get");
  return value.vt == VT_I4 ? value.lVal : 0;
}

// Lets WMI act as this user: each proxy has settings of its own, and a process may have others. If it fails, those of the
// process apply. https://learn.microsoft.com/en-us/windows/win32/wmisdk/setting-the-security-levels-on-a-wmi-connection
void lendIdentity(IUnknown* proxy) {
  CoSetProxyBlanket(proxy, RPC_C_AUTHN_WINNT, RPC_C_AUTHZ_NONE, nullptr, RPC_C_AUTHN_LEVEL_CALL, RPC_C_IMP_LEVEL_IMPERSONATE,
                    nullptr, EOAC_NONE);
}

// More than any Windows has: up to 1024 machines run on one.
constexpr std::size_t mostMachines = 10'000;
constexpr std::size_t mostCharacters = 4 << 20;

// https://learn.microsoft.com/en-us/windows/win32/hyperv_v2/msvm-computersystem: the host is in the list too. Its
// caption would distinguish it from the machines, but is translated; its name is not a GUID.
std::vector<Machine> query(const std::atomic<bool>& abandoned) {
  const ComApartment apartment;
  checkCom(apartment.result, "CoInitializeEx");
  ComPointer<IWbemLocator> locator;
  checkCom(CoCreateInstance(CLSID_WbemLocator, nullptr, CLSCTX_INPROC_SERVER, IID_IWbemLocator,
                            reinterpret_cast<void**>(locator.out())),
           "CoCreateInstance");
  ComPointer<IWbemServices> services;
  const ComText name(L"ROOT\\virtualization\\v2");
  checkCom(locator->ConnectServer(name.get(), nullptr, nullptr, nullptr, WBEM_FLAG_CONNECT_USE_MAX_WAIT, nullptr, nullptr,
                                  services.out()),
           "IWbemLocator::ConnectServer");
  lendIdentity(services.get());
  ComPointer<IEnumWbemClassObject> rows;
  const ComText language(L"WQL");
  const ComText text(L"SELECT Name, ElementName, EnabledState FROM Msvm_ComputerSystem");
  checkCom(services->ExecQuery(language.get(), text.get(), WBEM_FLAG_FORWARD_ONLY | WBEM_FLAG_RETURN_IMMEDIATELY, nullptr,
                               rows.out()),
           "IWbemServices::ExecQuery");
  lendIdentity(rows.get());
  std::vector<Machine> machines;
  std::size_t characters = 0;
  for (;;) {
    if (abandoned) throw Failure{ECANCELED, "hyperVMachines", {}};
    ComPointer<IWbemClassObject> row;
    ULONG count = 0;
    checkCom(rows->Next(WBEM_INFINITE, 1, row.out(), &count), "IEnumWbemClassObject::Next");
    if (count == 0) return machines;
    machines.push_back({textOf(row.get(), L"Name"), textOf(row.get(), L"ElementName"), numberOf(row.get(), L"EnabledState")});
    characters += machines.back().id.size() + machines.back().name.size();
    if (machines.size() > mostMachines || characters > mostCharacters) throw Failure{EMSGSIZE, "hyperVMachines", {}};
  }
}

// Shared with the thread that asks.
struct Work {
  Event finished;
  // Nobody waits for the answer any more.
  std::atomic<bool> abandoned = false;
  std::vector<Machine> machines;
  std::optional<Failure> failure;
};

void run(Work& work) {
  try {
    work.machines = query(work.abandoned);
  } catch (const Failure& failure) {
    work.failure = failure;
  } catch (const std::exception& error) {
    work.failure = Failure{ENOMEM, "hyperVMachines", error.what()};
  }
  work.finished.set();
}

napi_value toText(napi_env env, const std::u16string& text) {
  napi_value value = nullptr;
  check(env, napi_create_string_utf16(env, text.data(), text.size(), &value));
  return value;
}

class HyperVMachines final : public Operation {
 public:
  explicit HyperVMachines(double timeout) : Operation("hyperVMachines"), work_(std::make_shared<Work>()) {
    wait = {work_->finished.handle(), after(timeout)};
  }

  ~HyperVMachines() override { work_->abandoned = true; }
  HyperVMachines(const HyperVMachines&) = delete;
  HyperVMachines& operator=(const HyperVMachines&) = delete;

  bool attempt(napi_env) override {
    if (!started_) {
      Thread::detached([work = work_] { run(*work); });
      started_ = true;
    }
    if (!work_->finished.wait(0)) {
      if (Clock::now() >= wait.until) throw Failure{ETIMEDOUT, syscall, {}};
      return false;
    }
    if (work_->failure) throw *work_->failure;
    return true;
  }

  napi_value result(napi_env env) override {
    napi_value list = nullptr;
    check(env, napi_create_array(env, &list));
    std::uint32_t index = 0;
    for (const Machine& machine : work_->machines) {
      napi_value object = nullptr;
      check(env, napi_create_object(env, &object));
      set(env, object, "id", toText(env, machine.id));
      set(env, object, "name", toText(env, machine.name));
      set(env, object, "state", toNumber(env, machine.state));
      check(env, napi_set_element(env, list, index++, object));
    }
    return list;
  }

 private:
  const std::shared_ptr<Work> work_;
  bool started_ = false;
};

}  // namespace

napi_value hyperVMachines(Call& call) {
  const double timeout = call.number(0, "timeoutMs", 1, largestDelay);
  return Instance::of(call.env).pending(std::make_shared<HyperVMachines>(timeout));
}

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
