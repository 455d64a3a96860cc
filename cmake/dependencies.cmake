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
find_path(HTTPLIB_INCLUDE httplib.h REQUIRED)
find_library(HTTPLIB cpp-httplib REQUIRED)
find_package(OpenSSL REQUIRED)
find_path(SQLITE_INCLUDE sqlite3.h REQUIRED)
find_library(SQLITE sqlite3 REQUIRED)
find_path(PQXX_INCLUDE pqxx/pqxx REQUIRED)
find_library(PQXX NAMES pqxx REQUIRED)
find_path(PQ_INCLUDE libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
find_library(PQ pq REQUIRED)
find_path(CAF_INCLUDE caf/actor.hpp REQUIRED)
find_library(CAF_CORE caf_core REQUIRED)
find_library(STEMMER NAMES libstemmer.a stemmer REQUIRED)
find_library(XXHASH NAMES libxxhash.a xxhash REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

add_library(quorate_caf INTERFACE)
target_include_directories(quorate_caf SYSTEM INTERFACE ${CAF_INCLUDE})
target_link_libraries(quorate_caf INTERFACE ${CAF_CORE} Threads::Threads)

add_library(quorate_xxhash INTERFACE)
target_link_libraries(quorate_xxhash INTERFACE ${XXHASH})

add_library(quorate_sqlite INTERFACE)
target_include_directories(quorate_sqlite SYSTEM INTERFACE ${SQLITE_INCLUDE})
target_link_libraries(quorate_sqlite INTERFACE ${SQLITE})

# With the options its library was compiled with: they change its classes.
add_library(quorate_http INTERFACE)
target_include_directories(quorate_http SYSTEM INTERFACE ${HTTPLIB_INCLUDE})
target_compile_definitions(quorate_http INTERFACE CPPHTTPLIB_OPENSSL_SUPPORT CPPHTTPLIB_ZLIB_SUPPORT)
target_link_libraries(quorate_http INTERFACE ${HTTPLIB} OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

add_library(quorate_protobuf INTERFACE)
add_library(quorate_grpc INTERFACE)
if(QUORATE_STATIC)
  # OpenSSL stays shared: the HTTP library brings the shared one, and a program with two of them mixes them up.
  find_library(PROTOBUF_ARCHIVE libprotobuf.a REQUIRED)
  target_link_libraries(quorate_protobuf INTERFACE ${PROTOBUF_ARCHIVE} Threads::Threads)
  get_filename_component(archives ${PROTOBUF_ARCHIVE} DIRECTORY)
  file(GLOB absl_archives ${archives}/libabsl_*.a)
  list(FILTER absl_archives EXCLUDE REGEX "test_util|flags|failure_signal|examine")
  target_link_libraries(quorate_grpc INTERFACE
    -Wl,--start-group ${archives}/libgrpc++_reflection.a ${archives}/libgrpc++.a ${archives}/libgrpc.a
    ${archives}/libgpr.a ${archives}/libupb.a ${archives}/libaddress_sorting.a ${archives}/libre2.a
    ${archives}/libcares.a ${absl_archives} -Wl,--end-group
    # Behind what needs them, wherever else they are named.
    -Wl,--push-state,--no-as-needed,-lssl,-lcrypto,--pop-state ${archives}/libz.a quorate_protobuf dl rt)
else()
  find_package(gRPC CONFIG REQUIRED)
  target_link_libraries(quorate_protobuf INTERFACE protobuf::libprotobuf)
  target_link_libraries(quorate_grpc INTERFACE gRPC::grpc++_reflection gRPC::grpc++ quorate_protobuf
                                               absl_synchronization absl_graphcycles_internal)
endif()
