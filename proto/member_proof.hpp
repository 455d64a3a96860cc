// How members show each other that they hold the cluster's key: a code over what they say and over the nonces of both.
//
// HMAC-SHA-256 (RFC 2104, OpenSSL's). The key is 32 bytes that all members share and nobody else has; it never travels.
// Each end chose one of the nonces for this stream alone, so a code that was heard on another stream fits none. Pure
// functions, any thread; a failure of the library (out of memory) makes a proof that fits nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quorate {

inline constexpr std::size_t cluster_key_bytes = 32;
inline constexpr std::size_t nonce_bytes = 16;

/// What is proved: the two messages must never pass for each other.
enum class proof_of : unsigned char { hello, welcome };

/// 32 bytes; empty without a key.
std::string make_proof(std::string_view key, proof_of what, std::string_view caller_nonce,
                       std::string_view called_nonce, std::string_view content);

/// Takes the same time however much of it fits. Without a key only an empty proof fits.
bool proof_fits(std::string_view proof, std::string_view key, proof_of what, std::string_view caller_nonce,
                std::string_view called_nonce, std::string_view content);

}  // namespace quorate
