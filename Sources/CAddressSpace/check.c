// OpenBLAS asks for the buffers of its threads when it is loaded, and asks for
// ever when the limit of the shell (ulimit -v, -d) leaves no room. What stands
// in .preinit_array runs before any library does.

#if defined(__linux__)

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { outOfMemory = 71 };

// For what is loaded with the program, and for each processor: measured with
// OpenBLAS 0.3.21 on two.
static const rlim_t fixedRoom = 320ull << 20;
static const rlim_t roomOfProcessor = 128ull << 20;

static void checkAddressSpace(int count, char **arguments, char **environment) {
  (void)count;
  (void)arguments;
  (void)environment;
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  rlim_t needed = fixedRoom + roomOfProcessor * (processors > 0 ? processors : 1);
  struct rlimit all, own;
  if (getrlimit(RLIMIT_AS, &all) || getrlimit(RLIMIT_DATA, &own)) return;
  if (all.rlim_cur >= needed && own.rlim_cur >= needed - fixedRoom) return;
  static const char line[] =
      "anomaly: error: the limit of memory (ulimit -v, ulimit -d) leaves no room"
      " for the buffers of OpenBLAS: raise it\n";
  if (write(STDERR_FILENO, line, strlen(line)) < 0) {
    // The status tells it too.
  }
  _exit(outOfMemory);
}

__attribute__((section(".preinit_array"), used)) static void (*const check)(
    int, char **, char **) = checkAddressSpace;

#endif
