#include "proto/member_proof.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>

namespace quorate {
namespace {

std::string_view label_of(proof_of what) {
  return what == proof_of::hello ? "quorate member hello 2" : "quorate member welcome 2";
}

/// With its length in front, so that no two lists of parts make the same bytes.
void append_part(std::string& to, std::string_view part) {
  for (int shift = 56; shift >= 0; shift -= 8)
    to.push_back(static_cast<char>(static_cast<std::uint64_t>(part.size()) >> shift));
  to.append(part);
}

}  // namespace

std::string make_proof(std::string_view key, proof_of what, std::string_view caller_nonce,
                       std::string_view called_nonce, std::string_view content) {
  if (key.empty()) return {};
  std::string said;
  said.reserve(content.size() + 128);
  for (const auto part : {label_of(what), caller_nonce, called_nonce, content}) append_part(said, part);
  unsigned char code[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(said.data()),
           said.size(), code, &length)
      == nullptr)
    return {};
  return {reinterpret_cast<const char*>(code), length};
}

bool proof_fits(std::string_view proof, std::string_view key, proof_of what, std::string_view caller_nonce,
                std::string_view called_nonce, std::string_view content) {
  if (key.empty()) return proof.empty();
  const auto right = make_proof(key, what, caller_nonce, called_nonce, content);
  return !right.empty() && proof.size() == right.size() && CRYPTO_memcmp(proof.data(), right.data(), right.size()) == 0;
}

}  // namespace quorate
