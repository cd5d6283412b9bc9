PRAGMA user_version = 18;
CREATE TABLE agent_databases (
  agent_id TEXT NOT NULL,
  path TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  size_bytes INTEGER,
  PRIMARY KEY (agent_id, path)
) STRICT;
INSERT INTO agent_databases VALUES ('main', 'agents/main/agent/openclaw-agent.sqlite', 23, 1795298612081, 4096);
CREATE TABLE cron_jobs (
  store_key TEXT NOT NULL,
  job_id TEXT NOT NULL,
  declaration_key TEXT,
  owner_agent_id TEXT,
  name TEXT NOT NULL,
  description TEXT,
  enabled INTEGER NOT NULL,
  agent_id TEXT,
  payload_kind TEXT NOT NULL,
  job_json TEXT NOT NULL,
  grant_definition_revision TEXT,
  grant_definition_generation INTEGER,
  grant_definition_updated_at INTEGER,
  state_json TEXT NOT NULL DEFAULT '{}',
  runtime_updated_at_ms INTEGER,
  schedule_identity TEXT,
  sort_order INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (store_key, job_id)
) STRICT;
CREATE INDEX idx_cron_jobs_store_order
  ON cron_jobs(store_key, sort_order ASC, updated_at ASC, job_id);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', '184f3eb1-866c-4bea-8ab6-6f552f1e939a', NULL, NULL, 'refused-best-effort', NULL, 1, NULL, 'agentTurn', '{"id":"184f3eb1-866c-4bea-8ab6-6f552f1e939a","name":"refused-best-effort","enabled":true,"createdAtMs":1795298657714,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298657714},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"count widgets","toolsAllow":["*"]},"delivery":{"mode":"announce","channel":"telegram","to":"4242","bestEffort":true},"scheduledToolPolicy":{"version":1,"mode":"trusted"},"state":{}}', 'sha256:StgtK4LOAjs7msm0bp2Se_QmGG8n1WsgnfQZ3wOAHqQ', 1, 1795298666823, '{"nextRunAtMs":1795385057714,"forcePreservedNextRunAtMs":1795385057714,"lastRunAtMs":1795298661961,"lastRunStatus":"ok","lastStatus":"ok","lastDurationMs":4862,"lastDiagnostics":{"summary":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795298666764,"source":"delivery","severity":"error","message":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"lastDiagnosticSummary":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastDelivered":false,"lastDeliveryStatus":"not-delivered","lastDeliveryError":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastFailureNotificationDeliveryStatus":"not-requested","consecutiveErrors":0,"consecutiveSkipped":0}', 1795298666823, '{"version":2,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298657714},"hasTrigger":false}', 7, 1795298666823);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', '228be065-2a0f-479b-9a90-372dc81c3739', NULL, NULL, 'command-fails', NULL, 1, NULL, 'command', '{"id":"228be065-2a0f-479b-9a90-372dc81c3739","name":"command-fails","enabled":true,"createdAtMs":1795298666230,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298666230},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"command","argv":["sh","-lc","exit 3"]},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"state":{}}', 'sha256:Y0FkOAeAZCnm5tECpmB4a4KQu9vcEoazOegStfa98fw', 1, 1795298670726, '{"nextRunAtMs":1795385066230,"forcePreservedNextRunAtMs":1795385066230,"lastRunAtMs":1795298670648,"lastRunStatus":"error","lastStatus":"error","lastDurationMs":78,"lastError":"command exited with code 3","lastDiagnostics":{"entries":[{"ts":1795298670725,"source":"exec","severity":"error","message":"command error with no output: \"sh\" \"-lc\" \"exit 3\"","exitCode":3}]},"lastDiagnosticSummary":"command error with no output: \"sh\" \"-lc\" \"exit 3\"","lastDelivered":false,"lastDeliveryStatus":"not-delivered","deliverySuppressionReason":"empty","lastFailureNotificationDeliveryStatus":"not-requested","consecutiveErrors":1,"consecutiveSkipped":0,"failureAlertIncident":{"scope":"run"}}', 1795298670726, '{"version":2,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298666230},"hasTrigger":false}', 8, 1795298670726);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', '6af6fbe6-6252-4011-b23b-d323930c2e49', NULL, NULL, 'wants-none', NULL, 1, NULL, 'agentTurn', '{"id":"6af6fbe6-6252-4011-b23b-d323930c2e49","name":"wants-none","enabled":true,"createdAtMs":1795298628738,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298628738},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"count quietly","toolsAllow":["*"]},"delivery":{"mode":"none","channel":"last"},"scheduledToolPolicy":{"version":1,"mode":"trusted"},"state":{}}', 'sha256:vUXoKBQ85-mJo6SBp9NmjYssuqNjsACEygBChfOOXsg', 1, 1795298644815, '{"nextRunAtMs":1795385028738,"forcePreservedNextRunAtMs":1795385028738,"lastRunAtMs":1795298636641,"lastRunStatus":"ok","lastStatus":"ok","lastDurationMs":8174,"lastDelivered":false,"lastDeliveryStatus":"not-requested","lastFailureNotificationDeliveryStatus":"not-requested","consecutiveErrors":0,"consecutiveSkipped":0}', 1795298644815, '{"version":2,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298628738},"hasTrigger":false}', 5, 1795298644815);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', '86790dc7-319c-4c1c-8d83-45f5e6620a9d', NULL, NULL, 'refused', NULL, 1, NULL, 'agentTurn', '{"id":"86790dc7-319c-4c1c-8d83-45f5e6620a9d","name":"refused","enabled":true,"createdAtMs":1795298648934,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298648934},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"count widgets","toolsAllow":["*"]},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"scheduledToolPolicy":{"version":1,"mode":"trusted"},"state":{}}', 'sha256:Tgunhg6mBCFybyy5V4Nv8ujeq546MrQiqLXvjk0WhY0', 1, 1795298658779, '{"nextRunAtMs":1795385048934,"forcePreservedNextRunAtMs":1795385048934,"lastRunAtMs":1795298653069,"lastRunStatus":"ok","lastStatus":"ok","lastDurationMs":5710,"lastDiagnostics":{"summary":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795298658685,"source":"delivery","severity":"error","message":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"lastDiagnosticSummary":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastDelivered":false,"lastDeliveryStatus":"not-delivered","lastDeliveryError":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastFailureNotificationDeliveryStatus":"not-requested","consecutiveErrors":0,"consecutiveSkipped":0,"failureAlertIncident":{"scope":"run"}}', 1795298658779, '{"version":2,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298648934},"hasTrigger":false}', 6, 1795298658779);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', 'cb544042-1809-4a23-9ba8-df1d10bd31bb', NULL, NULL, 'silent', NULL, 1, NULL, 'agentTurn', '{"id":"cb544042-1809-4a23-9ba8-df1d10bd31bb","name":"silent","enabled":true,"createdAtMs":1795298612682,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298612682},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"SILENT count","toolsAllow":["*"]},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"scheduledToolPolicy":{"version":1,"mode":"trusted"},"state":{}}', 'sha256:BRi5HDx4kDIK6Noiv2W3WADcgNqdFEVgka_V16P19so', 1, 1795298631335, '{"nextRunAtMs":1795385012682,"forcePreservedNextRunAtMs":1795385012682,"lastRunAtMs":1795298621581,"lastRunStatus":"ok","lastStatus":"ok","lastDurationMs":9754,"lastDelivered":false,"lastDeliveryStatus":"not-delivered","deliverySuppressionReason":"silent","lastFailureNotificationDeliveryStatus":"not-requested","consecutiveErrors":0,"consecutiveSkipped":0}', 1795298631335, '{"version":2,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298612682},"hasTrigger":false}', 4, 1795298631335);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', 'dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5', NULL, NULL, 'delivered', NULL, 1, NULL, 'agentTurn', '{"id":"dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5","name":"delivered","enabled":true,"createdAtMs":1795298602525,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298602525},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"count widgets","toolsAllow":["*"]},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"scheduledToolPolicy":{"version":1,"mode":"trusted"},"state":{}}', 'sha256:eeXshS8qmbCqm2hgCPSjgZhWkjYLd7LCNRNkBwJGEX4', 1, 1795298631846, '{"nextRunAtMs":1795385002525,"forcePreservedNextRunAtMs":1795385002525,"lastRunAtMs":1795298606194,"lastRunStatus":"ok","lastStatus":"ok","lastDurationMs":25652,"lastDelivered":true,"lastDeliveryStatus":"delivered","lastFailureNotificationDeliveryStatus":"not-requested","consecutiveErrors":0,"consecutiveSkipped":0}', 1795298631846, '{"version":2,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298602525},"hasTrigger":false}', 3, 1795298631846);
CREATE TABLE cron_run_receipts (
  receipt_id TEXT PRIMARY KEY,
  store_key TEXT NOT NULL,
  job_id TEXT NOT NULL,
  config_revision TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  request_run_id TEXT,
  status TEXT NOT NULL,
  owner_pid INTEGER NOT NULL,
  owner_start_time INTEGER,
  started_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER,
  error_text TEXT,
  CHECK (status IN ('running', 'ok', 'error', 'skipped', 'interrupted', 'superseded')),
  CHECK (
    (status = 'running' AND finished_at_ms IS NULL)
    OR
    (status != 'running' AND finished_at_ms IS NOT NULL)
  )
) STRICT;
CREATE UNIQUE INDEX idx_cron_run_receipts_active_job
  ON cron_run_receipts(store_key, job_id)
  WHERE status = 'running';
CREATE INDEX idx_cron_run_receipts_job_history
  ON cron_run_receipts(store_key, job_id, started_at_ms DESC, receipt_id DESC);
INSERT INTO cron_run_receipts VALUES ('52268708-0419-4f37-96a5-2041b4a9e13a', '/home/user/.openclaw/cron/jobs.json', '86790dc7-319c-4c1c-8d83-45f5e6620a9d', 'sha256:6MB2-vAWTGbBxv6I1ZWMikhJhHG9QsgiLh_QtuG4y6Y', 'main', 'manual:86790dc7-319c-4c1c-8d83-45f5e6620a9d:1795298653018:4', 'ok', 13794, 323702, 1795298653069, 1795298658779, NULL);
INSERT INTO cron_run_receipts VALUES ('6ff6ebb7-95c0-4898-9917-c2ee74cac0fd', '/home/user/.openclaw/cron/jobs.json', 'dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5', 'sha256:lDRLVUwx4SLb8T0CsXn6TzWqblm3m9gJXOFiIefnovw', 'main', 'manual:dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5:1795298606166:1', 'ok', 13794, 323702, 1795298606194, 1795298631846, NULL);
INSERT INTO cron_run_receipts VALUES ('73fd6b12-6c75-4cb7-9c5c-5e3fa520c1a5', '/home/user/.openclaw/cron/jobs.json', 'cb544042-1809-4a23-9ba8-df1d10bd31bb', 'sha256:Q8HnQQaf9g5JT8CnTnc30Eh6DlTfnWSM8DYMbjjm4Kw', 'main', 'manual:cb544042-1809-4a23-9ba8-df1d10bd31bb:1795298621205:2', 'ok', 13794, 323702, 1795298621581, 1795298631335, NULL);
INSERT INTO cron_run_receipts VALUES ('abb77e7e-a132-4f16-93e0-74e5f3081cc9', '/home/user/.openclaw/cron/jobs.json', '6af6fbe6-6252-4011-b23b-d323930c2e49', 'sha256:2pQyYHOb5BqQk53xMDSWXHJy2F4SMJc8nSToFEdIfpg', 'main', 'manual:6af6fbe6-6252-4011-b23b-d323930c2e49:1795298636514:3', 'ok', 13794, 323702, 1795298636641, 1795298644815, NULL);
INSERT INTO cron_run_receipts VALUES ('c3b6183d-0791-4432-97c4-2bea342cdacd', '/home/user/.openclaw/cron/jobs.json', '228be065-2a0f-479b-9a90-372dc81c3739', 'sha256:3plInTb-oZK5LlFoD9WcoD1vJJfRo22IRKgQXgIewSk', 'main', 'manual:228be065-2a0f-479b-9a90-372dc81c3739:1795298670412:6', 'error', 13794, 323702, 1795298670648, 1795298670726, 'command exited with code 3');
INSERT INTO cron_run_receipts VALUES ('d6adb624-5fb2-4e52-b710-bcb25963249f', '/home/user/.openclaw/cron/jobs.json', '184f3eb1-866c-4bea-8ab6-6f552f1e939a', 'sha256:6wKXpSLFvQPj0p1R4B_SlLZtwr9wzxkCDg_c5K0ysOk', 'main', 'manual:184f3eb1-866c-4bea-8ab6-6f552f1e939a:1795298661888:5', 'ok', 13794, 323702, 1795298661961, 1795298666823, NULL);
CREATE TABLE delivery_queue_entries (
  queue_name TEXT NOT NULL,
  id TEXT NOT NULL,
  status TEXT NOT NULL,
  entry_kind TEXT,
  session_key TEXT,
  channel TEXT,
  target TEXT,
  account_id TEXT,
  retry_count INTEGER NOT NULL DEFAULT 0,
  last_attempt_at INTEGER,
  last_error TEXT,
  recovery_state TEXT,
  platform_send_started_at INTEGER,
  entry_json TEXT NOT NULL,
  enqueued_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  failed_at INTEGER,
  PRIMARY KEY (queue_name, id)
) STRICT;
CREATE INDEX idx_delivery_queue_failed
  ON delivery_queue_entries(queue_name, status, failed_at, id);
CREATE INDEX idx_delivery_queue_pending
  ON delivery_queue_entries(queue_name, status, enqueued_at, id);
CREATE INDEX idx_delivery_queue_session
  ON delivery_queue_entries(queue_name, status, session_key, enqueued_at, id)
  WHERE session_key IS NOT NULL;
CREATE INDEX idx_delivery_queue_target
  ON delivery_queue_entries(queue_name, status, channel, target, enqueued_at, id)
  WHERE channel IS NOT NULL AND target IS NOT NULL;
INSERT INTO delivery_queue_entries VALUES ('outbound-prepared-v1', 'cron-direct-delivery:v1:cron:184f3eb1-866c-4bea-8ab6-6f552f1e939a:1795298665340:telegram::telegram%3A4242:', 'pending', 'outbound-prepared-v1', 'agent:main:main', 'telegram', '4242', NULL, 1, 1795298666741, 'partial delivery failure (bestEffort)', 'unknown_after_send', 1795298666707, '{"id":"cron-direct-delivery:v1:cron:184f3eb1-866c-4bea-8ab6-6f552f1e939a:1795298665340:telegram::telegram%3A4242:","enqueuedAt":1795298666663,"channel":"telegram","to":"4242","queuePolicy":"best_effort","requiresProducerClaim":true,"recoveryState":"unknown_after_send","preparedBatch":{"schemaVersion":1,"sourcePayloadCount":1,"channelNormalized":true,"entries":[{"sourceIndex":0,"status":"accepted","payload":{"text":"The numbers add up: 42 widgets counted."},"replyHookChanged":false,"messageHookChanged":false,"preparedMediaCount":0}]},"renderedBatchPlan":{"payloadCount":1,"textCount":1,"mediaCount":0,"voiceCount":0,"presentationCount":0,"interactiveCount":0,"channelDataCount":0,"items":[{"index":0,"kinds":["text"],"text":"The numbers add up: 42 widgets counted.","mediaUrls":[]}]},"bestEffort":true,"session":{"key":"agent:main:main","agentId":"main"},"completionRetention":{"idPrefix":"cron-direct-delivery:v1:","maxAgeMs":86400000,"maxEntries":2000},"retainOnFailure":true,"retryCount":1,"attemptCount":0,"platformSendAttemptId":"74723833-d074-4838-a9a7-5126227259fe","platformSendStartedAt":1795298666707,"effectiveReplyToId":null,"lastAttemptAt":1795298666741,"lastError":"partial delivery failure (bestEffort)"}', 1795298666663, 1795298666741, NULL);
INSERT INTO delivery_queue_entries VALUES ('outbound-prepared-v1', 'cron-direct-delivery:v1:cron:86790dc7-319c-4c1c-8d83-45f5e6620a9d:1795298656968:telegram::telegram%3A4242:', 'failed', NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, 'completed_bounded', NULL, '{"id":"cron-direct-delivery:v1:cron:86790dc7-319c-4c1c-8d83-45f5e6620a9d:1795298656968:telegram::telegram%3A4242:","enqueuedAt":1795298664066,"retryCount":1,"failedAt":1795298664066,"completionRetention":{"idPrefix":"cron-direct-delivery:v1:","maxAgeMs":86400000,"maxEntries":2000},"recoveryState":"completed_bounded"}', 1795298664066, 1795298664066, 1795298664066);
INSERT INTO delivery_queue_entries VALUES ('outbound-prepared-v1', 'cron-direct-delivery:v1:cron:dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5:1795298612810:telegram::telegram%3A4242:', 'completed', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 'completed_bounded', NULL, '{"id":"cron-direct-delivery:v1:cron:dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5:1795298612810:telegram::telegram%3A4242:","enqueuedAt":1795298631112,"retryCount":0,"acknowledgedAt":1795298631112,"completionRetention":{"idPrefix":"cron-direct-delivery:v1:","maxAgeMs":86400000,"maxEntries":2000},"recoveryState":"completed_bounded"}', 1795298631112, 1795298631112, NULL);
CREATE TABLE device_identities (
  identity_key TEXT NOT NULL PRIMARY KEY,
  device_id TEXT NOT NULL,
  public_key_pem TEXT NOT NULL,
  private_key_pem TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX idx_device_identities_device
  ON device_identities(device_id, updated_at_ms DESC);
INSERT INTO device_identities VALUES ('primary', 'c9669de3e0d0820057bad3615c9aa4b4f0fbf9fffb7e9b880ede9edcf60af759', 'left out', 'left out', 1795298575994, 1795298575994);
CREATE TABLE gateway_boot_lifecycle (
  boot_id TEXT NOT NULL PRIMARY KEY,
  pid INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL,
  completed_at_ms INTEGER,
  outcome TEXT,
  startup_reason TEXT,
  reason TEXT
) STRICT;
CREATE INDEX idx_gateway_boot_lifecycle_started
  ON gateway_boot_lifecycle(started_at_ms);
INSERT INTO gateway_boot_lifecycle VALUES ('8c0313d9-7b2e-4373-875c-fb009d549b22', 13794, 1795298565873, 1795298671581, 'clean_stop', NULL, 'stop (SIGTERM)');
CREATE TABLE state_leases (
  scope TEXT NOT NULL,
  lease_key TEXT NOT NULL,
  owner TEXT NOT NULL,
  expires_at INTEGER,
  heartbeat_at INTEGER,
  payload_json TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (scope, lease_key)
) STRICT;
CREATE INDEX idx_state_leases_expiry
  ON state_leases(expires_at, scope, lease_key)
  WHERE expires_at IS NOT NULL;
CREATE INDEX idx_state_leases_owner
  ON state_leases(owner, updated_at DESC);
CREATE TABLE subagent_runs (
  run_id TEXT NOT NULL PRIMARY KEY,
  child_session_key TEXT NOT NULL,
  controller_session_key TEXT,
  controller_store_path TEXT,
  requester_session_key TEXT NOT NULL,
  requester_store_path TEXT,
  created_at INTEGER NOT NULL,
  payload_json TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX idx_subagent_runs_child_session_key
  ON subagent_runs(child_session_key, created_at DESC, run_id);
CREATE INDEX idx_subagent_runs_controller_session_key
  ON subagent_runs(controller_session_key, created_at DESC, run_id);
CREATE INDEX idx_subagent_runs_requester_session_key
  ON subagent_runs(requester_session_key, created_at DESC, run_id);
CREATE TABLE task_delivery_state (
  task_id TEXT NOT NULL PRIMARY KEY,
  requester_origin_json TEXT,
  last_notified_event_at INTEGER,
  FOREIGN KEY (task_id) REFERENCES task_runs(task_id) ON DELETE CASCADE
) STRICT;
CREATE TABLE task_runs (
  task_id TEXT NOT NULL PRIMARY KEY,
  runtime TEXT NOT NULL,
  task_kind TEXT,
  source_id TEXT,
  requester_session_key TEXT,
  owner_key TEXT NOT NULL,
  scope_kind TEXT NOT NULL,
  child_session_key TEXT,
  parent_flow_id TEXT,
  parent_task_id TEXT,
  agent_id TEXT,
  requester_agent_id TEXT,
  run_id TEXT,
  execution_owner_host TEXT,
  execution_owner_pid INTEGER,
  execution_owner_start_identity INTEGER,
  label TEXT,
  task TEXT NOT NULL,
  status TEXT NOT NULL,
  delivery_status TEXT NOT NULL,
  notify_policy TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  last_event_at INTEGER,
  cleanup_after INTEGER,
  tool_use_count INTEGER,
  last_tool_name TEXT,
  error TEXT,
  progress_summary TEXT,
  terminal_summary TEXT,
  terminal_outcome TEXT,
  detail_json TEXT
) STRICT;
CREATE INDEX idx_task_runs_child_session_key ON task_runs(child_session_key);
CREATE INDEX idx_task_runs_cleanup_after ON task_runs(cleanup_after);
CREATE INDEX idx_task_runs_last_event_at ON task_runs(last_event_at);
CREATE INDEX idx_task_runs_owner_key ON task_runs(owner_key);
CREATE INDEX idx_task_runs_parent_flow_id ON task_runs(parent_flow_id);
CREATE INDEX idx_task_runs_requester_session_key ON task_runs(requester_session_key);
CREATE INDEX idx_task_runs_run_id ON task_runs(run_id);
CREATE INDEX idx_task_runs_runtime_ended
  ON task_runs(runtime, ended_at, created_at, task_id);
CREATE INDEX idx_task_runs_runtime_source_ended
  ON task_runs(runtime, source_id, ended_at, created_at, task_id);
CREATE INDEX idx_task_runs_runtime_status ON task_runs(runtime, status);
CREATE INDEX idx_task_runs_status ON task_runs(status);
INSERT INTO task_runs VALUES ('33076383-e44e-4379-a98d-6ac2dcd09f89', 'cron', 'automation_run', '228be065-2a0f-479b-9a90-372dc81c3739', '', '', 'system', NULL, NULL, NULL, 'main', NULL, 'cron:228be065-2a0f-479b-9a90-372dc81c3739:1795298670648:c3b6183d-0791-4432-97c4-2bea342cdacd:manual:228be065-2a0f-479b-9a90-372dc81c3739:1795298670412:6', NULL, NULL, NULL, 'command-fails', 'command-fails', 'failed', 'not_applicable', 'silent', 1795298670648, 1795298670648, 1795298670726, 1795298670784, 1795903470726, NULL, NULL, 'command exited with code 3', 'Running automation.', NULL, NULL, '{"kind":"cron-run","status":"error","completionStatus":"failed","error":"command exited with code 3","summary":null,"storeKey":"/home/user/.openclaw/cron/jobs.json","diagnostics":{"entries":[{"ts":1795298670725,"source":"exec","severity":"error","message":"command error with no output: \"sh\" \"-lc\" \"exit 3\"","exitCode":3,"truncated":false}]},"delivered":false,"deliveryStatus":"not-delivered","deliverySuppressionReason":"empty","delivery":{"intended":{"channel":"telegram","to":"4242","source":"explicit"},"delivered":false},"runId":"manual:228be065-2a0f-479b-9a90-372dc81c3739:1795298670412:6","runAtMs":1795298670648,"durationMs":78,"nextRunAtMs":1795385066230}');
INSERT INTO task_runs VALUES ('65f836e1-52f9-491d-9e53-9e1eafd8ecf7', 'cron', 'automation_run', '184f3eb1-866c-4bea-8ab6-6f552f1e939a', '', '', 'system', 'agent:main:cron:184f3eb1-866c-4bea-8ab6-6f552f1e939a:run:5b844db7-c9f5-4751-a0b8-61b8241f89d2', NULL, NULL, 'main', NULL, 'cron:184f3eb1-866c-4bea-8ab6-6f552f1e939a:1795298661961:d6adb624-5fb2-4e52-b710-bcb25963249f:manual:184f3eb1-866c-4bea-8ab6-6f552f1e939a:1795298661888:5', NULL, NULL, NULL, 'refused-best-effort', 'refused-best-effort', 'succeeded', 'not_applicable', 'silent', 1795298661961, 1795298661961, 1795298666823, 1795298666910, 1795903466823, NULL, NULL, NULL, 'Running automation.', 'The numbers add up: 42 widgets counted.', NULL, '{"kind":"cron-run","status":"ok","completionStatus":"succeeded","error":null,"summary":"The numbers add up: 42 widgets counted.","storeKey":"/home/user/.openclaw/cron/jobs.json","diagnostics":{"summary":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795298666764,"source":"delivery","severity":"error","message":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"delivered":false,"deliveryStatus":"not-delivered","deliveryError":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","delivery":{"intended":{"channel":"telegram","to":"4242","source":"explicit"},"resolved":{"ok":true,"channel":"telegram","to":"4242","source":"explicit"},"fallbackUsed":true,"delivered":false},"sessionId":"5b844db7-c9f5-4751-a0b8-61b8241f89d2","runId":"manual:184f3eb1-866c-4bea-8ab6-6f552f1e939a:1795298661888:5","runAtMs":1795298661961,"durationMs":4862,"nextRunAtMs":1795385057714,"model":"m","provider":"fake","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}');
INSERT INTO task_runs VALUES ('75711598-f35a-497a-8074-791dfb8be81d', 'cron', 'automation_run', '6af6fbe6-6252-4011-b23b-d323930c2e49', '', '', 'system', 'agent:main:cron:6af6fbe6-6252-4011-b23b-d323930c2e49:run:c95fafa1-02c0-4b29-811a-4466f2b1331d', NULL, NULL, 'main', NULL, 'cron:6af6fbe6-6252-4011-b23b-d323930c2e49:1795298636641:abb77e7e-a132-4f16-93e0-74e5f3081cc9:manual:6af6fbe6-6252-4011-b23b-d323930c2e49:1795298636514:3', NULL, NULL, NULL, 'wants-none', 'wants-none', 'succeeded', 'not_applicable', 'silent', 1795298636641, 1795298636641, 1795298644815, 1795298644975, 1795903444815, NULL, NULL, NULL, 'Running automation.', 'The numbers add up: 42 widgets counted.', NULL, '{"kind":"cron-run","status":"ok","completionStatus":"succeeded","error":null,"summary":"The numbers add up: 42 widgets counted.","storeKey":"/home/user/.openclaw/cron/jobs.json","delivered":false,"deliveryStatus":"not-requested","delivery":{"intended":{"channel":"last","to":null,"source":"last"},"fallbackUsed":false,"delivered":false},"sessionId":"c95fafa1-02c0-4b29-811a-4466f2b1331d","runId":"manual:6af6fbe6-6252-4011-b23b-d323930c2e49:1795298636514:3","runAtMs":1795298636641,"durationMs":8174,"nextRunAtMs":1795385028738,"model":"m","provider":"fake","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}');
INSERT INTO task_runs VALUES ('bc928eae-3fc6-46a0-9f4e-654cb05f9b9c', 'cron', 'automation_run', 'cb544042-1809-4a23-9ba8-df1d10bd31bb', '', '', 'system', 'agent:main:cron:cb544042-1809-4a23-9ba8-df1d10bd31bb:run:65a4deca-f2ec-4321-98d7-988091909891', NULL, NULL, 'main', NULL, 'cron:cb544042-1809-4a23-9ba8-df1d10bd31bb:1795298621581:73fd6b12-6c75-4cb7-9c5c-5e3fa520c1a5:manual:cb544042-1809-4a23-9ba8-df1d10bd31bb:1795298621205:2', NULL, NULL, NULL, 'silent', 'silent', 'succeeded', 'not_applicable', 'silent', 1795298621581, 1795298621581, 1795298631335, 1795298632222, 1795903431335, NULL, NULL, NULL, 'Running automation.', 'NO_REPLY', NULL, '{"kind":"cron-run","status":"ok","completionStatus":"succeeded","error":null,"summary":"NO_REPLY","storeKey":"/home/user/.openclaw/cron/jobs.json","delivered":false,"deliveryStatus":"not-delivered","deliverySuppressionReason":"silent","delivery":{"intended":{"channel":"telegram","to":"4242","source":"explicit"},"resolved":{"ok":true,"channel":"telegram","to":"4242","source":"explicit"},"fallbackUsed":true,"delivered":false},"sessionId":"65a4deca-f2ec-4321-98d7-988091909891","runId":"manual:cb544042-1809-4a23-9ba8-df1d10bd31bb:1795298621205:2","runAtMs":1795298621581,"durationMs":9754,"nextRunAtMs":1795385012682,"model":"m","provider":"fake","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}');
INSERT INTO task_runs VALUES ('d36d76de-f37b-44d9-953b-8a366d0c3def', 'cron', 'automation_run', 'dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5', '', '', 'system', 'agent:main:cron:dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5:run:107cf7e0-2587-4f57-be37-468129941838', NULL, NULL, 'main', NULL, 'cron:dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5:1795298606194:6ff6ebb7-95c0-4898-9917-c2ee74cac0fd:manual:dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5:1795298606166:1', NULL, NULL, NULL, 'delivered', 'delivered', 'succeeded', 'not_applicable', 'silent', 1795298606194, 1795298606194, 1795298631846, 1795298632355, 1795903431846, NULL, NULL, NULL, 'Running automation.', 'The numbers add up: 42 widgets counted.', NULL, '{"kind":"cron-run","status":"ok","completionStatus":"succeeded","error":null,"summary":"The numbers add up: 42 widgets counted.","storeKey":"/home/user/.openclaw/cron/jobs.json","delivered":true,"deliveryStatus":"delivered","delivery":{"intended":{"channel":"telegram","to":"4242","source":"explicit"},"resolved":{"ok":true,"channel":"telegram","to":"4242","source":"explicit"},"fallbackUsed":true,"delivered":true},"sessionId":"107cf7e0-2587-4f57-be37-468129941838","runId":"manual:dfa1adf5-65a3-472b-9d2c-5ad7eb1db0d5:1795298606166:1","runAtMs":1795298606194,"durationMs":25652,"nextRunAtMs":1795385002525,"model":"m","provider":"fake","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}');
INSERT INTO task_runs VALUES ('f799f042-973a-4d01-bc30-a5bd12ad1c22', 'cron', 'automation_run', '86790dc7-319c-4c1c-8d83-45f5e6620a9d', '', '', 'system', 'agent:main:cron:86790dc7-319c-4c1c-8d83-45f5e6620a9d:run:f4dc9afb-c864-4d36-bbf8-fdc5d1edf7b0', NULL, NULL, 'main', NULL, 'cron:86790dc7-319c-4c1c-8d83-45f5e6620a9d:1795298653069:52268708-0419-4f37-96a5-2041b4a9e13a:manual:86790dc7-319c-4c1c-8d83-45f5e6620a9d:1795298653018:4', NULL, NULL, NULL, 'refused', 'refused', 'failed', 'not_applicable', 'silent', 1795298653069, 1795298653069, 1795298658779, 1795298658988, 1795903458779, NULL, NULL, NULL, 'Running automation.', 'The numbers add up: 42 widgets counted.', NULL, '{"kind":"cron-run","status":"ok","completionStatus":"failed","error":null,"summary":"The numbers add up: 42 widgets counted.","storeKey":"/home/user/.openclaw/cron/jobs.json","diagnostics":{"summary":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795298658685,"source":"delivery","severity":"error","message":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"delivered":false,"deliveryStatus":"not-delivered","deliveryError":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","delivery":{"intended":{"channel":"telegram","to":"4242","source":"explicit"},"resolved":{"ok":true,"channel":"telegram","to":"4242","source":"explicit"},"fallbackUsed":true,"delivered":false},"sessionId":"f4dc9afb-c864-4d36-bbf8-fdc5d1edf7b0","runId":"manual:86790dc7-319c-4c1c-8d83-45f5e6620a9d:1795298653018:4","runAtMs":1795298653069,"durationMs":5710,"nextRunAtMs":1795385048934,"model":"m","provider":"fake","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}');
