# Everything comes from Debian 12. gRPC's own package file names shared libraries only; the static build names the
# archives itself.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_path(DOCTEST_INCLUDE doctest/doctest.h REQUIRED)
find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
find_path(JSON_INCLUDE nlohmann/json.hpp REQUIRED)
find_path(CAF_INCLUDE caf/actor.hpp REQUIRED)
find_library(CAF_CORE caf_core REQUIRED)
find_library(XXHASH NAMES libxxhash.a xxhash REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

add_library(quorate_caf INTERFACE)
target_include_directories(quorate_caf SYSTEM INTERFACE ${CAF_INCLUDE})
target_link_libraries(quorate_caf INTERFACE ${CAF_CORE} Threads::Threads)

add_library(quorate_xxhash INTERFACE)
target_link_libraries(quorate_xxhash INTERFACE ${XXHASH})

# OpenSSL's hashes.
add_library(quorate_crypto INTERFACE)
if(NOT QUORATE_STATIC)
  target_link_libraries(quorate_crypto INTERFACE crypto)
endif()

add_library(quorate_protobuf INTERFACE)
add_library(quorate_grpc INTERFACE)
if(QUORATE_STATIC)
  find_library(PROTOBUF_ARCHIVE libprotobuf.a REQUIRED)
  target_link_libraries(quorate_protobuf INTERFACE ${PROTOBUF_ARCHIVE} Threads::Threads)
  get_filename_component(archives ${PROTOBUF_ARCHIVE} DIRECTORY)
  file(GLOB absl_archives ${archives}/libabsl_*.a)
  list(FILTER absl_archives EXCLUDE REGEX "test_util|flags|failure_signal|examine")
  target_link_libraries(quorate_grpc INTERFACE
    -Wl,--start-group ${archives}/libgrpc++_reflection.a ${archives}/libgrpc++.a ${archives}/libgrpc.a
    ${archives}/libgpr.a ${archives}/libupb.a ${archives}/libaddress_sorting.a ${archives}/libre2.a
    ${archives}/libcares.a ${absl_archives} -Wl,--end-group
    ${archives}/libssl.a ${archives}/libcrypto.a ${archives}/libz.a quorate_protobuf dl rt)
  target_link_libraries(quorate_crypto INTERFACE ${archives}/libcrypto.a dl)
else()
  find_package(gRPC CONFIG REQUIRED)
  target_link_libraries(quorate_protobuf INTERFACE protobuf::libprotobuf)
  target_link_libraries(quorate_grpc INTERFACE gRPC::grpc++_reflection gRPC::grpc++ quorate_protobuf
                                               absl_synchronization absl_graphcycles_internal)
endif()
