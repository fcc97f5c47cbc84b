#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "memory.h"

namespace engine {
namespace {

int dropSegments(dl_phdr_info* program, std::size_t, void*) {
  const auto page = static_cast<ElfW(Addr)>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = program->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const ElfW(Addr) start = (program->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const ElfW(Addr) end = program->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
  }
  return 1;  // libraries are shared with other processes
}

// For what natives, the addon and libc take on top of JavaScript.
constexpr std::size_t reserve = std::size_t{192} << 10;
// Less than this does not evaluate the program.
constexpr std::size_t least = std::size_t{64} << 10;

}  // namespace

void rest(JSRuntime* runtime) {
  JS_RunGC(runtime);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  forUnused(page, [](char* start, std::size_t bytes) { madvise(start, bytes, MADV_DONTNEED); });
  dropProgramPages();
}

void dropProgramPages() { dl_iterate_phdr(dropSegments, nullptr); }

// The kernel lays out arguments and the environment, up to a quarter of the stack, above what was called so far; the name
// of the program is the uppermost.
std::size_t stackLeft() {
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  const auto here = reinterpret_cast<std::uintptr_t>(&limit);
  const auto top = static_cast<std::uintptr_t>(getauxval(AT_EXECFN));
  const std::size_t taken = (top > here ? top - here : 0) + reserve;
  return std::max(least, limit.rlim_cur > taken ? static_cast<std::size_t>(limit.rlim_cur) - taken : 0);
}

}  // namespace engine
