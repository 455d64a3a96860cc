CREATE TABLE memories (
  id TEXT PRIMARY KEY,
  tier TEXT NOT NULL,
  namespace TEXT NOT NULL DEFAULT 'global',
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  tags TEXT NOT NULL DEFAULT '[]',
  priority INTEGER NOT NULL DEFAULT 5,
  confidence REAL NOT NULL DEFAULT 1.0,
  source TEXT NOT NULL DEFAULT 'api',
  access_count INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  last_accessed_at TEXT,
  expires_at TEXT,
  metadata TEXT NOT NULL DEFAULT '{}',
  embedding BLOB,
  scope_idx TEXT GENERATED ALWAYS AS (
    CASE WHEN json_valid(metadata) THEN COALESCE(json_extract(metadata, '$.scope'), 'private') ELSE 'private' END
  ) VIRTUAL
);
CREATE INDEX idx_memories_tier ON memories(tier);
CREATE INDEX idx_memories_namespace ON memories(namespace);
CREATE INDEX idx_memories_priority ON memories(priority DESC);
CREATE INDEX idx_memories_expires ON memories(expires_at);
CREATE UNIQUE INDEX idx_memories_title_ns ON memories(title, namespace);
CREATE INDEX idx_memories_scope_idx ON memories(scope_idx);

CREATE TABLE memory_links (
  source_id TEXT NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  target_id TEXT NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  relation TEXT NOT NULL DEFAULT 'related_to',
  created_at TEXT NOT NULL,
  PRIMARY KEY (source_id, target_id, relation)
);

CREATE VIRTUAL TABLE memories_fts USING fts5(title, content, tags, content=memories, content_rowid=rowid);
CREATE TRIGGER memories_ai AFTER INSERT ON memories BEGIN
  INSERT INTO memories_fts(rowid, title, content, tags) VALUES (new.rowid, new.title, new.content, new.tags);
END;
CREATE TRIGGER memories_ad AFTER DELETE ON memories BEGIN
  INSERT INTO memories_fts(memories_fts, rowid, title, content, tags)
    VALUES ('delete', old.rowid, old.title, old.content, old.tags);
END;
CREATE TRIGGER memories_au AFTER UPDATE ON memories BEGIN
  INSERT INTO memories_fts(memories_fts, rowid, title, content, tags)
    VALUES ('delete', old.rowid, old.title, old.content, old.tags);
  INSERT INTO memories_fts(rowid, title, content, tags) VALUES (new.rowid, new.title, new.content, new.tags);
END;

CREATE TABLE archived_memories (
  id TEXT PRIMARY KEY,
  tier TEXT NOT NULL,
  namespace TEXT NOT NULL DEFAULT 'global',
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  tags TEXT NOT NULL DEFAULT '[]',
  priority INTEGER NOT NULL DEFAULT 5,
  confidence REAL NOT NULL DEFAULT 1.0,
  source TEXT NOT NULL DEFAULT 'api',
  access_count INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  last_accessed_at TEXT,
  expires_at TEXT,
  archived_at TEXT NOT NULL,
  archive_reason TEXT NOT NULL DEFAULT 'ttl_expired',
  metadata TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX idx_archived_namespace ON archived_memories(namespace);
CREATE INDEX idx_archived_at ON archived_memories(archived_at);

CREATE TABLE namespace_meta (
  namespace TEXT PRIMARY KEY,
  standard_id TEXT,
  updated_at TEXT NOT NULL,
  parent_namespace TEXT
);

CREATE TABLE pending_actions (
  id TEXT PRIMARY KEY,
  action_type TEXT NOT NULL,
  memory_id TEXT,
  namespace TEXT NOT NULL,
  payload TEXT NOT NULL DEFAULT '{}',
  requested_by TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  decided_by TEXT,
  decided_at TEXT,
  approvals TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX idx_pending_status ON pending_actions(status);
CREATE INDEX idx_pending_namespace ON pending_actions(namespace);

CREATE TABLE sync_state (
  agent_id TEXT NOT NULL,
  peer_id TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  last_pulled_at TEXT NOT NULL,
  last_pushed_at TEXT,
  PRIMARY KEY (agent_id, peer_id)
);
CREATE INDEX idx_sync_state_agent ON sync_state(agent_id);

CREATE TABLE subscriptions (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  events TEXT NOT NULL DEFAULT '*',
  secret_hash TEXT,
  namespace_filter TEXT,
  agent_filter TEXT,
  created_by TEXT,
  created_at TEXT NOT NULL,
  last_dispatched_at TEXT,
  dispatch_count INTEGER NOT NULL DEFAULT 0,
  failure_count INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX idx_subscriptions_url ON subscriptions(url);

CREATE TABLE schema_version (version INTEGER NOT NULL);
INSERT INTO schema_version (version) VALUES (13);
