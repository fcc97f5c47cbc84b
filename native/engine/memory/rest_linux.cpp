#include "rest.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

#include "heap.h"

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

}  // namespace

void rest(JSRuntime* runtime) {
  JS_RunGC(runtime);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  forUnused(page, [](char* start, std::size_t bytes) { madvise(start, bytes, MADV_DONTNEED); });
  dropProgramPages();
}

void dropProgramPages() { dl_iterate_phdr(dropSegments, nullptr); }

}  // namespace engine
