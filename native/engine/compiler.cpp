// compiler FOLDER NAME...: compiles each module FOLDER/NAME to bytecode, FOLDER/NAME.code. Runs on the machine that builds.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/value.h"

namespace {

using engine::checked;
using engine::Thrown;
using engine::Value;

JSModuleDef* anyModule(JSContext* js, const char* name, void*) {
  return JS_NewCModule(js, name, [](JSContext*, JSModuleDef*) { return 0; });
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File openFile(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode), std::fclose);
  if (file != nullptr) return file;
  std::perror(path.c_str());
  std::exit(1);
}

std::string readText(const std::string& path) {
  const File file = openFile(path, "rb");
  std::string text;
  char piece[4096];
  while (const std::size_t length = std::fread(piece, 1, sizeof piece, file.get())) text.append(piece, length);
  return text;
}

void writeBytes(const std::string& path, const std::uint8_t* bytes, std::size_t size) {
  File file = openFile(path, "wb");
  const bool complete = std::fwrite(bytes, 1, size, file.get()) == size;
  if (std::fclose(file.release()) == 0 && complete) return;
  std::perror(path.c_str());
  std::exit(1);
}

// Not checked at each start: the code is a part of the program. After a byte for the version stand four for its sum, of
// which this one is always right; an engine that disagrees gets the code as it wrote it.
void withoutSum(JSContext* js, std::uint8_t* code, std::size_t size) {
  constexpr std::size_t at = 1;
  constexpr std::size_t length = 4;
  std::uint8_t sum[length];
  std::copy_n(code + at, length, sum);
  std::fill_n(code + at, length, std::uint8_t{0xFF});
  const Value read(js, JS_ReadObject(js, code, size, JS_READ_OBJ_BYTECODE));
  if (!JS_IsException(read.get())) return;
  JS_FreeValue(js, JS_GetException(js));
  std::copy_n(sum, length, code + at);
}

// The lines of the source stay in it: without them, an import() finds no module by its relative name.
void compile(JSContext* js, const std::string& folder, const std::string& name) {
  const std::string source = readText(folder + "/" + name);
  constexpr int flags = JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY;
  const Value module(js, checked(JS_Eval(js, source.c_str(), source.size(), name.c_str(), flags)));
  std::size_t size = 0;
  constexpr int content = JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE;
  std::uint8_t* code = JS_WriteObject(js, &size, module.get(), content);
  if (code == nullptr) throw Thrown{};
  withoutSum(js, code, size);
  writeBytes(folder + "/" + name + ".code", code, size);
  js_free(js, code);
}

}  // namespace

int main(int count, char** args) {
  const std::unique_ptr<JSRuntime, void (*)(JSRuntime*)> runtime(JS_NewRuntime(), JS_FreeRuntime);
  const std::unique_ptr<JSContext, void (*)(JSContext*)> context(JS_NewContext(runtime.get()), JS_FreeContext);
  JSContext* js = context.get();
  JS_SetModuleLoaderFunc(runtime.get(), nullptr, anyModule, nullptr);
  for (int i = 2; i < count; ++i) {
    try {
      compile(js, args[1], args[i]);
    } catch (const Thrown&) {
      const Value error(js, JS_GetException(js));
      std::fprintf(stderr, "%s: %s\n", args[i], engine::toText(js, error.get()).c_str());
      return 1;
    }
  }
  return 0;
}
