#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <oleauto.h>
#include <windows.h>

namespace hvsock {

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

}  // namespace hvsock
