#include "cli/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "cli/session.hpp"

namespace quorate::cli {

namespace {

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

}  // namespace quorate::cli
