#include "cli/key_file.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/files.hpp"
#include "cli/session.hpp"

namespace quorate::cli {
namespace {

constexpr mode_t key_mode = 0600;
constexpr const char* take_one = "name the file that 'quorate cluster-key FILE' made, the same for all members";
constexpr std::size_t text_bytes = 2 * key_bytes + 1;

std::string make_one(const std::string& name) {
  return "make one with 'quorate cluster-key " + name + "' and give all members the same";
}

std::string octal(mode_t mode) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3) text += static_cast<char>('0' + ((mode >> shift) & 7));
  return text;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

/// At most one byte more than a key has: enough to know that it is none.
result<std::string> read_text(const std::string& flag, const std::string& name, int file) {
  std::string text(text_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto count = ::read(file, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return status::invalid(flag, "cannot read " + name + ": " + std::strerror(errno));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return text;
}

result<std::string> random_key_text() {
  std::string bytes(key_bytes, '\0');
  // Requests of up to 256 bytes are answered whole.
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return status(errc::internal, std::string("the kernel gives no random bytes: ") + std::strerror(errno));
  return hex(bytes) + "\n";
}

/// The whole key under `name` or nothing: 0, or why not; EEXIST when the name is taken.
int write_new(const std::string& name, const std::string& text) {
  std::string temporary = name + ".XXXXXX";
  const descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return errno;
  int error = 0;
  // A link, unlike a renaming, never takes the place of another file.
  if (::fchmod(file.get(), key_mode) != 0 || !write_all(file.get(), text) || ::fsync(file.get()) != 0
      || ::link(temporary.c_str(), name.c_str()) != 0)
    error = errno;
  ::unlink(temporary.c_str());
  return error;
}

}  // namespace

status check_key_file(const std::string& flag, const std::string& name, const struct stat& found, uid_t user) {
  if (S_ISDIR(found.st_mode)) return status::invalid(flag, name + " is a directory; name the file in it");
  if (!S_ISREG(found.st_mode)) return status::invalid(flag, name + " is not a file; " + take_one);
  if (found.st_uid != user && found.st_uid != 0)
    return status::invalid(flag, name + " belongs to user " + std::to_string(found.st_uid)
                                     + ", who could change it: run 'chown " + std::to_string(user) + " " + name + "'");
  // What systemd hands a service as a credential is readable for the group on its face: root's group, and nobody's but
  // the service's by an access list.
  const bool credential = user != 0 && found.st_uid == 0 && found.st_gid == 0;
  const mode_t others = credential ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if ((found.st_mode & others) != 0)
    return status::invalid(flag, "others than its owner can use " + name + " (mode " + octal(found.st_mode)
                                     + "): run 'chmod 600 " + name + "'");
  return {};
}

result<std::string> read_cluster_key(const std::string& flag, const std::string& name) {
  // Without O_NONBLOCK a pipe of this name would hold the start up.
  const descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    const int error = errno;
    return status::invalid(flag, "cannot read " + name + ": " + std::strerror(error)
                                     + (error == ENOENT ? "; " + make_one(name) : std::string()));
  }
  struct stat found {};
  if (::fstat(file.get(), &found) != 0)
    return status::invalid(flag, "cannot read " + name + ": " + std::strerror(errno));
  if (auto usable = check_key_file(flag, name, found, ::geteuid()); !usable) return usable;
  const auto text = read_text(flag, name, file.get());
  if (!text) return text.error();
  if (text->size() != text_bytes || text->back() != '\n')
    return status::invalid(flag, name + " does not hold a key, which is " + std::to_string(2 * key_bytes)
                                     + " hexadecimal digits and a line feed; " + take_one);
  std::string key;
  for (std::size_t i = 0; i + 1 < text->size(); i += 2) {
    const int high = digit_of((*text)[i]), low = digit_of((*text)[i + 1]);
    if (high < 0 || low < 0)
      return status::invalid(flag, name + " has a character that is no hexadecimal digit (0-9, a-f) at position "
                                       + std::to_string(high < 0 ? i : i + 1) + "; " + take_one);
    key += static_cast<char>(high * 16 + low);
  }
  return key;
}

result<key_made> make_cluster_key(const std::string& flag, const std::string& name, bool keep) {
  const auto text = random_key_text();
  if (!text) return text.error();
  const int error = write_new(name, *text);
  if (error == 0) {
    if (auto synced = sync_directory_of(name); !synced) return synced;
    return key_made::now;
  }
  if (error != EEXIST) return status::invalid(flag, "cannot create " + name + ": " + std::strerror(error));
  if (!keep)
    return status::invalid(flag, name + " is there already and stays as it is; name a new file, or take that one");
  const auto there = read_cluster_key(flag, name);
  if (!there) return there.error();
  return key_made::before;
}

}  // namespace quorate::cli
