// The verbs, grouped as in their files. Each function adds its verbs to the program's command line; a verb that was
// chosen runs during the parse and leaves its exit code in the session.
#pragma once

namespace CLI {
class App;
}

namespace quorate::cli {

class session;

void add_serve_command(CLI::App& program, session& run);      // serve
void add_key_command(CLI::App& program, session& run);        // cluster-key
void add_write_commands(CLI::App& program, session& run);     // store, update, delete
void add_read_commands(CLI::App& program, session& run);      // get, list
void add_recall_commands(CLI::App& program, session& run);    // search, recall
void add_stats_commands(CLI::App& program, session& run);     // stats, namespaces
void add_link_commands(CLI::App& program, session& run);      // link, links, resolve
void add_curation_commands(CLI::App& program, session& run);  // promote, forget, consolidate, gc
void add_archive_commands(CLI::App& program, session& run);   // archive list, restore, purge, stats
void add_agent_commands(CLI::App& program, session& run);     // agents list, register; pending list, approve, reject
void add_standard_commands(CLI::App& program, session& run);  // standards set, get, clear
void add_message_commands(CLI::App& program, session& run);   // notify, inbox, subscriptions list, add, remove
void add_mining_commands(CLI::App& program, session& run);    // mine, auto-consolidate
void add_curator_command(CLI::App& program, session& run);    // curator
void add_import_command(CLI::App& program, session& run);     // import
void add_export_command(CLI::App& program, session& run);     // export
void add_migrate_command(CLI::App& program, session& run);    // migrate
void add_backup_commands(CLI::App& program, session& run);    // backup, verify, restore
void add_admin_commands(CLI::App& program, session& run);     // admin status, actors, digest, drill
void add_mcp_command(CLI::App& program, session& run);        // mcp
void add_shell_command(CLI::App& program, session& run);      // shell
/// Added last: they describe all the others. completions, man
void add_description_commands(CLI::App& program, session& run);

}  // namespace quorate::cli
