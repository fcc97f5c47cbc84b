#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <sys/types.h>

#include <cstdint>

// Lets a build on a new system load on an old one: by default the linker binds to the newest version of each symbol.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// The first glibc for the processor.
#if defined(__x86_64__)
#define FIRST_GLIBC "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define FIRST_GLIBC "GLIBC_2.17"
#endif

// Threads and libdl moved into libc.so with glibc 2.32 and 2.34; their symbols got new versions, but do the same.
#if defined(FIRST_GLIBC) && __GLIBC_PREREQ(2, 32)
#define FIRST_VERSION(name, parameters, arguments, exceptions)             \
  extern "C" int first_##name parameters exceptions;                       \
  __asm__(".symver first_" #name "," #name "@" FIRST_GLIBC);               \
  extern "C" int name parameters exceptions { return first_##name arguments; }

FIRST_VERSION(pthread_create, (pthread_t * thread, const pthread_attr_t* options, void* (*body)(void*), void* data),
              (thread, options, body, data), noexcept)
FIRST_VERSION(pthread_join, (pthread_t thread, void** result), (thread, result), )
FIRST_VERSION(pthread_detach, (pthread_t thread), (thread), noexcept)
FIRST_VERSION(pthread_sigmask, (int how, const sigset_t* mask, sigset_t* before), (how, mask, before), noexcept)
FIRST_VERSION(pthread_once, (pthread_once_t * once, void (*body)()), (once, body), )
FIRST_VERSION(dladdr, (const void* address, Dl_info* info), (address, info), noexcept)
FIRST_VERSION(__pthread_key_create, (pthread_key_t * key, void (*release)(void*)), (key, release), noexcept)

// Of glibc 2.32, read by std::shared_ptr: this process never is single-threaded.
extern "C" char __libc_single_threaded;
char __libc_single_threaded = 0;
#endif

// Of glibc 2.38, called by its libstdc++.a for an environment variable: it also parses binary numbers.
#if defined(FIRST_GLIBC) && __GLIBC_PREREQ(2, 38)
extern "C" unsigned long first_strtoul(const char* text, char** end, int base) noexcept;
__asm__(".symver first_strtoul,strtoul@" FIRST_GLIBC);
extern "C" unsigned long __isoc23_strtoul(const char* text, char** end, int base) noexcept {
  return first_strtoul(text, end, base);
}
#endif

// The unwinder in the libgcc.a of GCC >= 12 asks glibc 2.35 for an address's unwind table, and reads only
// dlfo_eh_frame of the result: https://gcc.gnu.org/git/?p=gcc.git;f=libgcc/unwind-dw2-fde-dip.c
#if __GLIBC_PREREQ(2, 35)
namespace {

struct Search {
  std::uintptr_t address;
  dl_find_object* found;
};

int inspect(dl_phdr_info* object, std::size_t, void* data) {
  const auto* search = static_cast<Search*>(data);
  bool inside = false;
  const ElfW(Phdr)* frames = nullptr;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    const std::uintptr_t start = object->dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD && search->address >= start && search->address - start < header.p_memsz) {
      inside = true;
      search->found->dlfo_map_start = reinterpret_cast<void*>(start);
      search->found->dlfo_map_end = reinterpret_cast<void*>(start + header.p_memsz);
    }
    if (header.p_type == PT_GNU_EH_FRAME) frames = &header;
  }
  if (!inside || frames == nullptr) return 0;
  search->found->dlfo_eh_frame = reinterpret_cast<void*>(object->dlpi_addr + frames->p_vaddr);
  return 1;
}

}  // namespace

extern "C" int _dl_find_object(void* address, dl_find_object* result) noexcept {
  *result = {};
  Search search{reinterpret_cast<std::uintptr_t>(address), result};
  return dl_iterate_phdr(inspect, &search) == 1 ? 0 : -1;
}
#endif

#endif
