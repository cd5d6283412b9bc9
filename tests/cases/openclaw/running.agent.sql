PRAGMA user_version = 23;
CREATE TABLE session_windows (
  session_id TEXT NOT NULL PRIMARY KEY,
  session_key TEXT NOT NULL,
  previous_session_id TEXT,
  reason TEXT CHECK (reason IS NULL OR reason IN ('initial', 'reset', 'rollover', 'fork', 'rewind', 'switch', 'recovery', 'compaction')),
  session_scope TEXT NOT NULL DEFAULT 'conversation' CHECK (session_scope IN ('conversation', 'shared-main', 'group', 'channel')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  transcript_updated_at INTEGER DEFAULT NULL,
  transcript_observed_at INTEGER DEFAULT NULL,
  session_entry_provenance INTEGER NOT NULL DEFAULT 0 CHECK (session_entry_provenance IN (0, 1)),
  acp_owned INTEGER NOT NULL DEFAULT 0 CHECK (acp_owned IN (0, 1)),
  plugin_owner_id TEXT,
  hook_external_content_source TEXT CHECK (hook_external_content_source IS NULL OR hook_external_content_source IN ('gmail', 'webhook')),
  started_at INTEGER,
  ended_at INTEGER,
  status TEXT CHECK (status IS NULL OR status IN ('running', 'done', 'failed', 'killed', 'timeout')),
  chat_type TEXT CHECK (chat_type IS NULL OR chat_type IN ('direct', 'group', 'channel')),
  channel TEXT,
  account_id TEXT,
  primary_conversation_id TEXT,
  model_provider TEXT,
  model TEXT,
  agent_harness_id TEXT,
  parent_session_key TEXT,
  spawned_by TEXT,
  display_name TEXT,
  FOREIGN KEY (session_key) REFERENCES session_nodes(session_key) ON DELETE CASCADE,
  FOREIGN KEY (primary_conversation_id) REFERENCES conversations(conversation_id) ON DELETE SET NULL
) STRICT;
CREATE INDEX idx_agent_session_windows_conversation
  ON session_windows(primary_conversation_id, updated_at DESC, session_id)
  WHERE primary_conversation_id IS NOT NULL;
CREATE INDEX idx_agent_session_windows_created_at
  ON session_windows(created_at DESC, session_id);
CREATE INDEX idx_agent_session_windows_session_key
  ON session_windows(session_key, updated_at DESC, session_id);
CREATE INDEX idx_agent_session_windows_updated_at
  ON session_windows(updated_at DESC, session_id);
INSERT INTO session_windows VALUES ('00b0e514-1891-407a-8135-a4323217ba55', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', NULL, NULL, 'conversation', 1795298767783, 1795298848170, 1795298848179, 1795298769051, 1, 0, NULL, NULL, 1795298769254, NULL, 'running', NULL, NULL, NULL, NULL, 'fake', 'm', 'openclaw', NULL, NULL, 'Automation: works-long');
INSERT INTO session_windows VALUES ('2d63ac6b-e348-4795-acf6-88f89d110a79', 'agent:main:subagent:b94a4006-aa6c-4958-8ffb-5fefd4f5b990', NULL, NULL, 'conversation', 1795298804826, 1795298805453, 1795298805456, 1795298805371, 1, 0, NULL, NULL, 1795298805414, NULL, 'running', NULL, NULL, NULL, NULL, 'fake', 'm', NULL, 'agent:main:explicit:waiting', 'agent:main:explicit:waiting', 'stuck');
INSERT INTO session_windows VALUES ('31cdafbd-7f57-4e61-8dc2-2c172313fe19', 'agent:main:subagent:eab97ee6-ff6e-493e-9140-be14e63c99d3', NULL, NULL, 'conversation', 1795298799049, 1795298800223, 1795298800162, 1795298800162, 1, 0, NULL, NULL, 1795298799117, 1795298800221, 'done', NULL, NULL, NULL, NULL, 'fake', 'm', 'openclaw', 'agent:main:explicit:untold', 'agent:main:explicit:untold', 'HANG-announce');
INSERT INTO session_windows VALUES ('79ff45f0-87ee-4361-a16a-de7334483e12', 'agent:main:cron:88762d50-0ee1-4e77-8bd4-1e89c398f184:run:79ff45f0-87ee-4361-a16a-de7334483e12', NULL, NULL, 'conversation', 1795298752674, 1795298767620, 1795298766817, 1795298766817, 1, 0, NULL, NULL, 1795298766097, NULL, 'running', NULL, NULL, NULL, NULL, 'fake', 'm', 'openclaw', NULL, NULL, 'Automation: hangs');
INSERT INTO session_windows VALUES ('7b017aa1-2dea-4097-84ca-3d39b9376734', 'agent:main:main', NULL, NULL, 'shared-main', 1795298812023, 1795298812676, 1795298812584, 1795298812584, 1, 0, NULL, NULL, 1795298812673, NULL, 'running', 'direct', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO session_windows VALUES ('907b5ef2-57cc-4a47-a30c-9318c2eef73a', 'agent:main:subagent:02f15c8c-1d9a-4518-9eee-9ecafe9a19d6', NULL, NULL, 'conversation', 1795298782791, 1795298794420, 1795298794183, 1795298794183, 1, 0, NULL, NULL, 1795298784106, 1795298794408, 'done', NULL, NULL, NULL, NULL, 'fake', 'm', 'openclaw', 'agent:main:explicit:told', 'agent:main:explicit:told', 'announced');
INSERT INTO session_windows VALUES ('alone', 'agent:main:explicit:alone', NULL, NULL, 'conversation', 1795298813267, 1795298813615, 1795298813618, 1795298813566, 1, 0, NULL, NULL, 1795298813597, NULL, 'running', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'explicit:alone');
INSERT INTO session_windows VALUES ('efe869bf-6fd6-47a6-8246-3d5cb279d7f7', 'agent:main:subagent:2b89ede6-44d5-4a52-9ce5-3b471504b6a3', NULL, NULL, 'conversation', 1795298809114, 1795298809754, 1795298809673, 1795298809673, 1, 0, NULL, NULL, 1795298809183, 1795298809744, 'done', NULL, NULL, NULL, NULL, 'fake', 'm', 'openclaw', 'agent:main:explicit:quiet', 'agent:main:explicit:quiet', 'not-awaited');
INSERT INTO session_windows VALUES ('quiet', 'agent:main:explicit:quiet', NULL, NULL, 'conversation', 1795298808734, 1795298809307, 1795298809282, 1795298809282, 1, 0, NULL, NULL, 1795298808874, 1795298809302, 'done', NULL, NULL, NULL, NULL, 'fake', 'm', 'openclaw', NULL, NULL, 'explicit:quiet');
INSERT INTO session_windows VALUES ('told', 'agent:main:explicit:told', NULL, NULL, 'conversation', 1795298773146, 1795298796943, 1795298796905, 1795298796905, 1, 0, NULL, NULL, 1795298795867, 1795298796939, 'done', NULL, NULL, NULL, NULL, 'fake', 'm', 'openclaw', NULL, NULL, 'explicit:told');
INSERT INTO session_windows VALUES ('untold', 'agent:main:explicit:untold', NULL, NULL, 'conversation', 1795298794993, 1795298800607, 1795298799224, 1795298799224, 1, 0, NULL, NULL, 1795298800603, NULL, 'running', NULL, NULL, NULL, NULL, 'fake', 'm', 'openclaw', NULL, NULL, 'explicit:untold');
INSERT INTO session_windows VALUES ('waiting', 'agent:main:explicit:waiting', NULL, NULL, 'conversation', 1795298803613, 1795298805046, 1795298804978, 1795298804978, 1, 0, NULL, NULL, 1795298803914, 1795298805037, 'done', NULL, NULL, NULL, NULL, 'fake', 'm', 'openclaw', NULL, NULL, 'explicit:waiting');
