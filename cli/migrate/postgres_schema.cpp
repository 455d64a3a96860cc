#include "cli/migrate/postgres_schema.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "memory/compact_json.hpp"
#include "memory/json_value.hpp"
#include "memory/metadata.hpp"
#include "memory/timestamp.hpp"

namespace quorate::cli::migrate {

namespace {

using memory::table;

constexpr const char* tier_rank = R"sql(
CREATE OR REPLACE FUNCTION tier_rank(text) RETURNS integer LANGUAGE sql IMMUTABLE AS
  $$ SELECT CASE $1 WHEN 'mid' THEN 1 WHEN 'long' THEN 2 ELSE 0 END $$;
)sql";

constexpr const char* memories_table = R"sql(
CREATE TABLE IF NOT EXISTS memories (
  id TEXT PRIMARY KEY,
  tier TEXT NOT NULL,
  namespace TEXT NOT NULL,
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  tags JSONB NOT NULL DEFAULT '[]',
  priority INTEGER NOT NULL DEFAULT 5,
  confidence DOUBLE PRECISION NOT NULL DEFAULT 1.0,
  source TEXT NOT NULL,
  access_count BIGINT NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  last_accessed_at TIMESTAMPTZ,
  expires_at TIMESTAMPTZ,
  metadata JSONB NOT NULL DEFAULT '{}',
  scope_idx TEXT GENERATED ALWAYS AS (COALESCE(metadata ->> 'scope', 'private')) STORED
);
CREATE UNIQUE INDEX IF NOT EXISTS memories_title_ns_uidx ON memories (title, namespace);
CREATE INDEX IF NOT EXISTS memories_namespace_idx ON memories (namespace);
CREATE INDEX IF NOT EXISTS memories_tier_idx ON memories (tier);
CREATE INDEX IF NOT EXISTS memories_priority_idx ON memories (priority DESC);
CREATE INDEX IF NOT EXISTS memories_updated_at_idx ON memories (updated_at DESC);
CREATE INDEX IF NOT EXISTS memories_expires_at_idx ON memories (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS memories_tags_gin ON memories USING gin (tags);
CREATE INDEX IF NOT EXISTS memories_metadata_gin ON memories USING gin (metadata);
CREATE INDEX IF NOT EXISTS memories_scope_idx_idx ON memories (scope_idx);
CREATE INDEX IF NOT EXISTS memories_content_fts ON memories
  USING gin (to_tsvector('english', title || ' ' || content));
)sql";

constexpr const char* vectors = R"sql(
ALTER TABLE memories ADD COLUMN IF NOT EXISTS embedding vector(384);
CREATE INDEX IF NOT EXISTS memories_embedding_hnsw ON memories USING hnsw (embedding vector_cosine_ops);
)sql";

constexpr const char* other_tables = R"sql(
CREATE TABLE IF NOT EXISTS memory_links (
  source_id TEXT NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
  target_id TEXT NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
  relation TEXT NOT NULL DEFAULT 'related_to',
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (source_id, target_id, relation)
);
CREATE INDEX IF NOT EXISTS memory_links_source_idx ON memory_links (source_id);
CREATE INDEX IF NOT EXISTS memory_links_target_idx ON memory_links (target_id);

CREATE TABLE IF NOT EXISTS archived_memories (
  id TEXT PRIMARY KEY,
  tier TEXT NOT NULL,
  namespace TEXT NOT NULL,
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  tags JSONB NOT NULL DEFAULT '[]',
  priority INTEGER NOT NULL DEFAULT 5,
  confidence DOUBLE PRECISION NOT NULL DEFAULT 1.0,
  source TEXT NOT NULL,
  access_count BIGINT NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  last_accessed_at TIMESTAMPTZ,
  expires_at TIMESTAMPTZ,
  archived_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  archive_reason TEXT NOT NULL DEFAULT 'ttl_expired',
  metadata JSONB NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS archived_memories_namespace_idx ON archived_memories (namespace);
CREATE INDEX IF NOT EXISTS archived_memories_archived_at_idx ON archived_memories (archived_at);

CREATE TABLE IF NOT EXISTS namespace_meta (
  namespace TEXT PRIMARY KEY,
  standard_id TEXT,
  parent_namespace TEXT,
  updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE IF NOT EXISTS pending_actions (
  id TEXT PRIMARY KEY,
  action_type TEXT NOT NULL,
  memory_id TEXT,
  namespace TEXT NOT NULL,
  payload JSONB NOT NULL DEFAULT '{}',
  requested_by TEXT NOT NULL,
  requested_at TIMESTAMPTZ NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  decided_by TEXT,
  decided_at TIMESTAMPTZ,
  approvals JSONB NOT NULL DEFAULT '[]'
);
CREATE INDEX IF NOT EXISTS pending_actions_status_idx ON pending_actions (status);
CREATE INDEX IF NOT EXISTS pending_actions_namespace_idx ON pending_actions (namespace);

CREATE TABLE IF NOT EXISTS sync_state (
  agent_id TEXT NOT NULL,
  peer_id TEXT NOT NULL,
  last_seen_at TIMESTAMPTZ NOT NULL,
  last_pulled_at TIMESTAMPTZ NOT NULL,
  last_pushed_at TIMESTAMPTZ,
  PRIMARY KEY (agent_id, peer_id)
);
CREATE INDEX IF NOT EXISTS sync_state_agent_idx ON sync_state (agent_id);

CREATE TABLE IF NOT EXISTS subscriptions (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  events TEXT NOT NULL DEFAULT '*',
  secret_hash TEXT,
  namespace_filter TEXT,
  agent_filter TEXT,
  created_by TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  last_dispatched_at TIMESTAMPTZ,
  dispatch_count BIGINT NOT NULL DEFAULT 0,
  failure_count BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS subscriptions_url_idx ON subscriptions (url);
)sql";

/// PostgreSQL knows no year 0; it stands for what it cannot hold, as texts that are no times do.
constexpr std::int64_t first_us = -62'135'596'800'000'000;  // 0001-01-01
/// West of Greenwich the year 9999 ends later, in a year that cannot be written; its end stands for those hours.
constexpr std::int64_t last_us = 253'402'300'799'999'999;

/// What a time becomes in its column. Nothing: NULL.
std::optional<std::int64_t> column_time(const column& of, const std::string& text) {
  const auto time = memory::parse_timestamp_us(text);
  if (time && *time >= first_us) return std::min(*time, last_us);
  return of.nullable ? std::nullopt : std::optional<std::int64_t>(0);
}

/// What a JSON text becomes in its column: an escaped zero byte is more than JSONB takes.
std::string column_json(const column& of, const std::string& text) {
  if (text.find("\\u0000") == std::string::npos) return text;
  return of.by_default;
}

std::string text_of(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// Columns and texts, as one JSON object.
class verbatim_texts {
 public:
  void add(const char* column, const std::string& text) {
    object_ += object_.empty() ? '{' : ',';
    memory::append_json_string(object_, column);
    object_ += ':';
    memory::append_json_string(object_, text);
  }
  std::optional<std::string> take() {
    if (object_.empty()) return std::nullopt;
    return std::move(object_) + "}";
  }

 private:
  std::string object_;
};

template <class Number>
bool read_number(const std::string& text, Number* number) {
  const auto* end = text.data() + text.size();
  return std::from_chars(text.data(), end, *number).ptr == end;
}

}  // namespace

std::string postgres_schema(bool with_vectors) {
  std::string all = tier_rank;
  all += memories_table;
  if (with_vectors) all += vectors;
  all += other_tables;
  for (const auto which : memory::all_tables)
    all += "ALTER TABLE " + std::string(memory::name_of(which)) + " ADD COLUMN IF NOT EXISTS " + verbatim_column
           + " TEXT;\n";
  return all;
}

postgres_row to_postgres(table which, const sql_row& values) {
  const auto columns = columns_of(which);
  postgres_row row;
  row.reserve(columns.size() + 1);
  verbatim_texts verbatim;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& value = values[i];
    if (std::holds_alternative<std::monostate>(value)) {
      row.emplace_back();
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      row.emplace_back(std::to_string(*number));
    } else if (const auto* real = std::get_if<double>(&value)) {
      row.emplace_back(text_of(*real));
    } else {
      const auto& text = std::get<std::string>(value);
      if (columns[i].kind == column_kind::time) {
        const auto time = column_time(columns[i], text);
        row.push_back(time ? std::optional(memory::format_timestamp_us(*time)) : std::nullopt);
        if (row.back() != text) verbatim.add(columns[i].name, text);
      } else if (columns[i].kind == column_kind::json) {
        row.push_back(column_json(columns[i], text));
        if (row.back() != text) verbatim.add(columns[i].name, text);
      } else {
        row.emplace_back(text);
      }
    }
  }
  row.push_back(verbatim.take());
  return row;
}

std::string postgres_selection(table which, bool has_verbatim) {
  std::string all;
  for (const auto& column : columns_of(which)) {
    const std::string name = column.name;
    if (column.kind == column_kind::time)
      all.append("CASE WHEN isfinite(")
          .append(name)
          .append(") THEN (extract(epoch FROM ")
          .append(name)
          .append(") * 1000000)::bigint END, ");
    else
      all.append(name).append(column.kind == column_kind::json ? "::text, " : ", ");
  }
  return all + (has_verbatim ? verbatim_column : "NULL");
}

result<sql_row> from_postgres(table which, const postgres_row& selected) {
  const auto columns = columns_of(which);
  nlohmann::json verbatim;
  if (const auto& text = selected[columns.size()]) verbatim = nlohmann::json::parse(*text, nullptr, false);
  const auto kept = [&](const column& of) -> std::optional<std::string> {
    if (!verbatim.is_object()) return std::nullopt;
    const auto found = verbatim.find(of.name);
    if (found == verbatim.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
  };
  sql_row row;
  row.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& of = columns[i];
    const auto& value = selected[i];
    const auto wrong = [&of] { return status(errc::invalid_argument, std::string(of.name) + " cannot be read"); };
    if (of.kind == column_kind::time) {
      std::int64_t held = 0;
      if (value && !read_number(*value, &held)) return wrong();
      const auto stands_for_it = [&](const std::string& text) {
        const auto became = column_time(of, text);
        return became.has_value() == value.has_value() && became.value_or(0) == held;
      };
      if (auto text = kept(of); text && stands_for_it(*text))
        row.emplace_back(std::move(*text));
      else if (value)
        row.emplace_back(memory::format_timestamp_us(held));
      else
        row.emplace_back();
    } else if (!value) {
      row.emplace_back();
    } else if (of.kind == column_kind::json) {
      auto text = kept(of);
      if (text && memory::json_value(column_json(of, *text)) == memory::json_value(*value))
        row.emplace_back(std::move(*text));
      else if (auto compact = memory::compact_metadata(*value))
        row.emplace_back(std::move(*compact));
      else
        row.emplace_back(*value);
    } else if (of.kind == column_kind::integer) {
      std::int64_t number = 0;
      if (!read_number(*value, &number)) return wrong();
      row.emplace_back(number);
    } else if (of.kind == column_kind::real) {
      double number = 0;
      if (!read_number(*value, &number)) return wrong();
      row.emplace_back(number);
    } else {
      row.emplace_back(*value);
    }
  }
  return row;
}

}  // namespace quorate::cli::migrate
