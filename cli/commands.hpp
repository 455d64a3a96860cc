// The verbs, grouped as in their files. Each function adds its verbs to the program's command line; a verb that was
// chosen runs during the parse and leaves its exit code in the session.
#pragma once

namespace CLI {
class App;
}

namespace quorate::cli {

class session;

void add_serve_command(CLI::App& program, session& run);      // serve
void add_write_commands(CLI::App& program, session& run);     // store, update, delete
void add_read_commands(CLI::App& program, session& run);      // get, list, stats
void add_transfer_commands(CLI::App& program, session& run);  // import, export
void add_backup_commands(CLI::App& program, session& run);    // backup, verify, restore
void add_admin_commands(CLI::App& program, session& run);     // admin status, actors, digest, drill
void add_mcp_command(CLI::App& program, session& run);        // mcp

}  // namespace quorate::cli
