#include "cli/sha256.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "cli/session.hpp"

namespace quorate::cli {

namespace {

constexpr std::size_t piece_bytes = 1u << 20;

status unreadable(const std::string& path) {
  return {errc::storage_failure, "cannot read " + path + ": " + std::strerror(errno)};
}

void must(int outcome) {
  if (outcome != 1) throw std::runtime_error("SHA-256 failed");
}

}  // namespace

struct sha256::state {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

sha256::sha256() : state_(std::make_unique<state>()) {
  if (!state_->context) throw std::runtime_error("SHA-256 failed");
  must(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr));
}

sha256::~sha256() = default;

void sha256::add(std::string_view bytes) { must(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size())); }

std::string sha256::take() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  must(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &length));
  return hex({reinterpret_cast<const char*>(digest.data()), length});
}

result<file_hash> hash_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return unreadable(path);
  sha256 hash;
  file_hash found;
  std::string buffer(piece_bytes, '\0');
  ssize_t taken = 0;
  while ((taken = ::read(file, buffer.data(), buffer.size())) > 0) {
    hash.add({buffer.data(), static_cast<std::size_t>(taken)});
    found.bytes += static_cast<std::uint64_t>(taken);
  }
  const auto failed = taken < 0 ? unreadable(path) : status();
  ::close(file);
  if (!failed) return failed;
  found.sha256 = hash.take();
  return found;
}

}  // namespace quorate::cli
