// An import file of any bytes: every record in it is read or reported, and the reader comes to an end.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "cli/import_reader.hpp"
#include "memory/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int file = ::memfd_create("import", MFD_CLOEXEC);
  if (file < 0 || ::write(file, data, size) != static_cast<ssize_t>(size) || ::lseek(file, 0, SEEK_SET) != 0)
    std::abort();
  {
    quorate::cli::import_reader reader(file, [] {});
    std::size_t items = 0;
    while (const auto item = reader.next()) {
      // An item is at least a byte of the file, but for one error at its end.
      if (++items > size + 1) std::abort();
      if (item->error.ok()) static_cast<void>(quorate::memory::from_json(item->text).ok());
    }
  }
  ::close(file);
  return 0;
}
