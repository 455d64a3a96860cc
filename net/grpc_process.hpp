// What a process that uses gRPC sets up first.
#pragma once

namespace quorate::net {

/// First thing in every main that uses gRPC; once. Turns off abseil's lock-order checks, which the distribution builds
/// in, and the lines that protobuf writes to standard error about bytes that are no message: who parses gets an error,
/// and whoever sends such bytes could have lines written without end. And on small machines it leaves gRPC one thread
/// to poll with.
///
/// gRPC 1.51 starts at least two polling threads, and each event that one of them takes wakes the other to poll in its
/// place. Where all cores are busy that is a context switch an event for nothing (docs/performance.md), so with fewer
/// than four cores one of the two is put to sleep for the life of the process. No reaction may block: nobody else
/// polls.
void tune_grpc_process();

}  // namespace quorate::net
