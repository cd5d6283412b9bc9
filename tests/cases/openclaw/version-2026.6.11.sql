PRAGMA user_version = 1;
CREATE TABLE agent_databases (
  agent_id TEXT NOT NULL,
  path TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  size_bytes INTEGER,
  PRIMARY KEY (agent_id, path)
);
CREATE TABLE cron_jobs (
  store_key TEXT NOT NULL,
  job_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  enabled INTEGER NOT NULL,
  delete_after_run INTEGER,
  created_at_ms INTEGER NOT NULL,
  agent_id TEXT,
  session_key TEXT,
  schedule_kind TEXT NOT NULL,
  schedule_expr TEXT,
  schedule_tz TEXT,
  every_ms INTEGER,
  anchor_ms INTEGER,
  at TEXT,
  stagger_ms INTEGER,
  session_target TEXT NOT NULL,
  wake_mode TEXT NOT NULL,
  payload_kind TEXT NOT NULL,
  payload_message TEXT,
  payload_model TEXT,
  payload_fallbacks_json TEXT,
  payload_thinking TEXT,
  payload_timeout_seconds INTEGER,
  payload_allow_unsafe_external_content INTEGER,
  payload_external_content_source_json TEXT,
  payload_light_context INTEGER,
  payload_tools_allow_json TEXT,
  delivery_mode TEXT,
  delivery_channel TEXT,
  delivery_to TEXT,
  delivery_thread_id TEXT,
  delivery_account_id TEXT,
  delivery_best_effort INTEGER,
  delivery_completion_mode TEXT,
  delivery_completion_to TEXT,
  failure_delivery_mode TEXT,
  failure_delivery_channel TEXT,
  failure_delivery_to TEXT,
  failure_delivery_account_id TEXT,
  failure_alert_disabled INTEGER,
  failure_alert_after INTEGER,
  failure_alert_channel TEXT,
  failure_alert_to TEXT,
  failure_alert_cooldown_ms INTEGER,
  failure_alert_include_skipped INTEGER,
  failure_alert_mode TEXT,
  failure_alert_account_id TEXT,
  next_run_at_ms INTEGER,
  running_at_ms INTEGER,
  last_run_at_ms INTEGER,
  last_run_status TEXT,
  last_error TEXT,
  last_duration_ms INTEGER,
  consecutive_errors INTEGER,
  consecutive_skipped INTEGER,
  schedule_error_count INTEGER,
  last_delivery_status TEXT,
  last_delivery_error TEXT,
  last_delivered INTEGER,
  last_failure_alert_at_ms INTEGER,
  job_json TEXT NOT NULL,
  state_json TEXT NOT NULL DEFAULT '{}',
  runtime_updated_at_ms INTEGER,
  schedule_identity TEXT,
  sort_order INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (store_key, job_id)
);
CREATE INDEX idx_cron_jobs_agent_session
  ON cron_jobs(agent_id, session_key, updated_at DESC, job_id)
  WHERE agent_id IS NOT NULL OR session_key IS NOT NULL;
CREATE INDEX idx_cron_jobs_enabled_next_run
  ON cron_jobs(store_key, enabled, next_run_at_ms, job_id)
  WHERE next_run_at_ms IS NOT NULL;
CREATE INDEX idx_cron_jobs_store_order
  ON cron_jobs(store_key, sort_order ASC, updated_at ASC, job_id);
CREATE INDEX idx_cron_jobs_store_updated
  ON cron_jobs(store_key, sort_order ASC, updated_at DESC, job_id);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', 'c05d4e7f-d52e-4798-9973-f8d24702282e', 'refused', NULL, 1, NULL, 1795299227652, NULL, NULL, 'every', NULL, NULL, 86400000, 1795299227652, NULL, NULL, 'isolated', 'now', 'agentTurn', 'count widgets', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'announce', 'telegram', '4242', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795385627652, NULL, 1795299236683, 'error', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 4179, 1, 0, NULL, 'unknown', NULL, NULL, NULL, '{"id":"c05d4e7f-d52e-4798-9973-f8d24702282e","name":"refused","enabled":true,"createdAtMs":1795299227652,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299227652},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"count widgets"},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"state":{}}', '{"nextRunAtMs":1795385627652,"lastError":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastRunAtMs":1795299236683,"lastRunStatus":"error","lastStatus":"error","lastDurationMs":4179,"lastDiagnostics":{"summary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795299240713,"source":"delivery","severity":"error","message":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"lastDiagnosticSummary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastErrorReason":"auth","lastDeliveryStatus":"unknown","lastFailureNotificationDeliveryStatus":"unknown","consecutiveErrors":1,"consecutiveSkipped":0}', 1795299240862, '{"version":1,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299227652}}', 1, 1795299240862);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', 'c1392c85-0eee-40d8-a4fb-e30fd83dd3d6', 'good', NULL, 1, NULL, 1795299195141, NULL, NULL, 'every', NULL, NULL, 86400000, 1795299195141, NULL, NULL, 'isolated', 'now', 'agentTurn', 'count widgets', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'announce', 'telegram', '4242', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795385595141, NULL, 1795299204426, 'error', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 19083, 1, 0, NULL, 'unknown', NULL, NULL, NULL, '{"id":"c1392c85-0eee-40d8-a4fb-e30fd83dd3d6","name":"good","enabled":true,"createdAtMs":1795299195141,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299195141},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"count widgets"},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"state":{}}', '{"nextRunAtMs":1795385595141,"lastError":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastRunAtMs":1795299204426,"lastRunStatus":"error","lastStatus":"error","lastDurationMs":19083,"lastDiagnostics":{"summary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795299222479,"source":"delivery","severity":"error","message":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"lastDiagnosticSummary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastErrorReason":"auth","lastDeliveryStatus":"unknown","lastFailureNotificationDeliveryStatus":"unknown","consecutiveErrors":1,"consecutiveSkipped":0}', 1795299223509, '{"version":1,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299195141}}', 0, 1795299223509);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', 'f2fe4246-d87d-4a4a-80e3-6e05f08487d0', 'hang', NULL, 1, NULL, 1795299257431, NULL, NULL, 'every', NULL, NULL, 86400000, 1795299257431, NULL, NULL, 'isolated', 'now', 'agentTurn', 'HANG widgets', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'announce', 'telegram', '4242', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795385657431, 1795299267111, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"id":"f2fe4246-d87d-4a4a-80e3-6e05f08487d0","name":"hang","enabled":true,"createdAtMs":1795299257431,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299257431},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"HANG widgets"},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"state":{}}', '{"nextRunAtMs":1795385657431,"runningAtMs":1795299267111}', 1795299257431, '{"version":1,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299257431}}', 2, 1795299257431);
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
);
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
INSERT INTO delivery_queue_entries VALUES ('outbound', 'c1e1c36f-a47e-445e-b5b7-564a47829cea', 'failed', NULL, 'cron:c05d4e7f-d52e-4798-9973-f8d24702282e:failure', 'telegram', '4242', NULL, 1, 1795299241724, 'Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'send_attempt_started', 1795299240938, '{"id":"c1e1c36f-a47e-445e-b5b7-564a47829cea","enqueuedAt":1795299240918,"channel":"telegram","to":"4242","payloads":[{"text":"⚠️ Cron job \"refused\" failed: OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}],"renderedBatchPlan":{"payloadCount":1,"textCount":1,"mediaCount":0,"voiceCount":0,"presentationCount":0,"interactiveCount":0,"channelDataCount":0,"items":[{"index":0,"kinds":["text"],"text":"⚠️ Cron job \"refused\" failed: OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","mediaUrls":[]}]},"bestEffort":false,"session":{"key":"cron:c05d4e7f-d52e-4798-9973-f8d24702282e:failure","agentId":"main"},"retryCount":1,"platformSendStartedAt":1795299240938,"recoveryState":"send_attempt_started","lastAttemptAt":1795299241724,"lastError":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}', 1795299240918, 1795299268925, 1795299268925);
INSERT INTO delivery_queue_entries VALUES ('outbound', 'f6405aa8-77d7-410a-895f-79b896d5b3d8', 'failed', NULL, 'cron:c1392c85-0eee-40d8-a4fb-e30fd83dd3d6:failure', 'telegram', '4242', NULL, 1, 1795299223851, 'Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'send_attempt_started', 1795299223654, '{"id":"f6405aa8-77d7-410a-895f-79b896d5b3d8","enqueuedAt":1795299223624,"channel":"telegram","to":"4242","payloads":[{"text":"⚠️ Cron job \"good\" failed: OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}],"renderedBatchPlan":{"payloadCount":1,"textCount":1,"mediaCount":0,"voiceCount":0,"presentationCount":0,"interactiveCount":0,"channelDataCount":0,"items":[{"index":0,"kinds":["text"],"text":"⚠️ Cron job \"good\" failed: OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","mediaUrls":[]}]},"bestEffort":false,"session":{"key":"cron:c1392c85-0eee-40d8-a4fb-e30fd83dd3d6:failure","agentId":"main"},"retryCount":1,"platformSendStartedAt":1795299223654,"recoveryState":"send_attempt_started","lastAttemptAt":1795299223851,"lastError":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}', 1795299223624, 1795299253856, 1795299253856);
CREATE TABLE device_identities (
  identity_key TEXT NOT NULL PRIMARY KEY,
  device_id TEXT NOT NULL,
  public_key_pem TEXT NOT NULL,
  private_key_pem TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
);
CREATE INDEX idx_device_identities_device
  ON device_identities(device_id, updated_at_ms DESC);
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
);
CREATE INDEX idx_state_leases_expiry
  ON state_leases(expires_at, scope, lease_key)
  WHERE expires_at IS NOT NULL;
CREATE INDEX idx_state_leases_owner
  ON state_leases(owner, updated_at DESC);
CREATE TABLE subagent_runs (
  run_id TEXT NOT NULL PRIMARY KEY,
  child_session_key TEXT NOT NULL,
  controller_session_key TEXT,
  requester_session_key TEXT NOT NULL,
  requester_display_key TEXT NOT NULL,
  requester_origin_json TEXT,
  task TEXT NOT NULL,
  task_name TEXT,
  cleanup TEXT NOT NULL,
  label TEXT,
  model TEXT,
  agent_dir TEXT,
  workspace_dir TEXT,
  run_timeout_seconds INTEGER,
  spawn_mode TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  session_started_at INTEGER,
  accumulated_runtime_ms INTEGER,
  ended_at INTEGER,
  outcome_json TEXT,
  archive_at_ms INTEGER,
  cleanup_completed_at INTEGER,
  cleanup_handled INTEGER,
  suppress_announce_reason TEXT,
  expects_completion_message INTEGER,
  announce_retry_count INTEGER,
  last_announce_retry_at INTEGER,
  last_announce_delivery_error TEXT,
  ended_reason TEXT,
  pause_reason TEXT,
  wake_on_descendant_settle INTEGER,
  frozen_result_text TEXT,
  frozen_result_captured_at INTEGER,
  fallback_frozen_result_text TEXT,
  fallback_frozen_result_captured_at INTEGER,
  ended_hook_emitted_at INTEGER,
  pending_final_delivery INTEGER,
  pending_final_delivery_created_at INTEGER,
  pending_final_delivery_last_attempt_at INTEGER,
  pending_final_delivery_attempt_count INTEGER,
  pending_final_delivery_last_error TEXT,
  pending_final_delivery_payload_json TEXT,
  completion_announced_at INTEGER,
  payload_json TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX idx_subagent_runs_archive_at
  ON subagent_runs(archive_at_ms, cleanup_handled, run_id);
CREATE INDEX idx_subagent_runs_child_session_key
  ON subagent_runs(child_session_key, created_at DESC, run_id);
CREATE INDEX idx_subagent_runs_controller_session_key
  ON subagent_runs(controller_session_key, created_at DESC, run_id);
CREATE INDEX idx_subagent_runs_ended_cleanup
  ON subagent_runs(ended_at, cleanup_handled, run_id);
CREATE INDEX idx_subagent_runs_requester_session_key
  ON subagent_runs(requester_session_key, created_at DESC, run_id);
CREATE TABLE task_delivery_state (
  task_id TEXT NOT NULL PRIMARY KEY,
  requester_origin_json TEXT,
  last_notified_event_at INTEGER,
  FOREIGN KEY (task_id) REFERENCES task_runs(task_id) ON DELETE CASCADE
);
INSERT INTO task_delivery_state VALUES ('b88e989a-a75a-415b-92e6-1ca63491f59c', '{"channel":"webchat"}', NULL);
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
  error TEXT,
  progress_summary TEXT,
  terminal_summary TEXT,
  terminal_outcome TEXT
);
CREATE INDEX idx_task_runs_child_session_key ON task_runs(child_session_key);
CREATE INDEX idx_task_runs_cleanup_after ON task_runs(cleanup_after);
CREATE INDEX idx_task_runs_last_event_at ON task_runs(last_event_at);
CREATE INDEX idx_task_runs_owner_key ON task_runs(owner_key);
CREATE INDEX idx_task_runs_parent_flow_id ON task_runs(parent_flow_id);
CREATE INDEX idx_task_runs_run_id ON task_runs(run_id);
CREATE INDEX idx_task_runs_runtime_status ON task_runs(runtime, status);
CREATE INDEX idx_task_runs_status ON task_runs(status);
INSERT INTO task_runs VALUES ('61a4dc44-dee7-4117-a86b-b7dc93e6fbea', 'cron', NULL, 'c1392c85-0eee-40d8-a4fb-e30fd83dd3d6', '', '', 'system', NULL, NULL, NULL, NULL, NULL, 'cron:c1392c85-0eee-40d8-a4fb-e30fd83dd3d6:1795299204426', 'good', 'good', 'failed', 'not_applicable', 'silent', 1795299204426, 1795299204426, 1795299223509, 1795299223509, 1795904023509, 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'Running cron job.', 'The numbers add up: 42 widgets counted.', NULL);
INSERT INTO task_runs VALUES ('89cf3458-fb8d-4fba-8776-b9ba9e1d4988', 'cron', NULL, 'c05d4e7f-d52e-4798-9973-f8d24702282e', '', '', 'system', NULL, NULL, NULL, NULL, NULL, 'cron:c05d4e7f-d52e-4798-9973-f8d24702282e:1795299236683', 'refused', 'refused', 'failed', 'not_applicable', 'silent', 1795299236683, 1795299236683, 1795299240862, 1795299240862, 1795904040862, 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'Running cron job.', 'The numbers add up: 42 widgets counted.', NULL);
INSERT INTO task_runs VALUES ('9217b32d-3703-453e-8bc2-2aa97dd6d854', 'cron', NULL, 'f2fe4246-d87d-4a4a-80e3-6e05f08487d0', '', '', 'system', NULL, NULL, NULL, NULL, NULL, 'cron:f2fe4246-d87d-4a4a-80e3-6e05f08487d0:1795299267111', 'hang', 'hang', 'running', 'not_applicable', 'silent', 1795299267111, 1795299267111, NULL, 1795299267111, NULL, NULL, 'Running cron job.', NULL, NULL);
INSERT INTO task_runs VALUES ('b88e989a-a75a-415b-92e6-1ca63491f59c', 'cli', NULL, '0451e991-06f8-4878-a941-0a24b11f81e7', 'agent:main:explicit:s2', 'agent:main:explicit:s2', 'session', 'agent:main:explicit:s2', NULL, NULL, 'main', 'main', '0451e991-06f8-4878-a941-0a24b11f81e7', NULL, 'SPAWN {"task":"count the widgets","label":"HANGannounce","runTimeoutSeconds":600}', 'succeeded', 'not_applicable', 'silent', 1795299286307, 1795299286860, 1795299289510, 1795299289455, 1795904089455, NULL, NULL, 'completed', NULL);
CREATE TABLE cron_run_logs (
  store_key TEXT NOT NULL,
  job_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  status TEXT,
  error TEXT,
  summary TEXT,
  diagnostics_summary TEXT,
  delivery_status TEXT,
  delivery_error TEXT,
  delivered INTEGER,
  session_id TEXT,
  session_key TEXT,
  run_id TEXT,
  run_at_ms INTEGER,
  duration_ms INTEGER,
  next_run_at_ms INTEGER,
  model TEXT,
  provider TEXT,
  total_tokens INTEGER,
  entry_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (store_key, job_id, seq)
);
CREATE INDEX idx_cron_run_logs_delivery
  ON cron_run_logs(store_key, delivery_status, ts DESC, seq DESC)
  WHERE delivery_status IS NOT NULL;
CREATE INDEX idx_cron_run_logs_job_status
  ON cron_run_logs(store_key, job_id, status, ts DESC, seq DESC);
CREATE INDEX idx_cron_run_logs_store_ts
  ON cron_run_logs(store_key, ts DESC, seq DESC);
INSERT INTO cron_run_logs VALUES ('/home/user/.openclaw/cron/jobs.json', 'c05d4e7f-d52e-4798-9973-f8d24702282e', 1, 1795299240898, 'error', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'The numbers add up: 42 widgets counted.', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'unknown', NULL, NULL, '0fe25fcc-c761-430d-a739-a4dac15aa878', 'agent:main:cron:c05d4e7f-d52e-4798-9973-f8d24702282e:run:0fe25fcc-c761-430d-a739-a4dac15aa878', 'manual:c05d4e7f-d52e-4798-9973-f8d24702282e:1795299236683:2', 1795299236683, 4179, 1795385627652, 'm', 'fake', 2, '{"ts":1795299240898,"jobId":"c05d4e7f-d52e-4798-9973-f8d24702282e","action":"finished","status":"error","error":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","summary":"The numbers add up: 42 widgets counted.","diagnostics":{"summary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795299240713,"source":"delivery","severity":"error","message":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"deliveryStatus":"unknown","failureNotificationDelivery":{"status":"unknown"},"delivery":{"intended":{"channel":"telegram","to":"4242","source":"explicit"},"resolved":{"ok":true,"channel":"telegram","to":"4242","source":"explicit"},"fallbackUsed":true,"delivered":false},"sessionId":"0fe25fcc-c761-430d-a739-a4dac15aa878","sessionKey":"agent:main:cron:c05d4e7f-d52e-4798-9973-f8d24702282e:run:0fe25fcc-c761-430d-a739-a4dac15aa878","runId":"manual:c05d4e7f-d52e-4798-9973-f8d24702282e:1795299236683:2","runAtMs":1795299236683,"durationMs":4179,"nextRunAtMs":1795385627652,"model":"m","provider":"fake","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}', 1795299240910);
INSERT INTO cron_run_logs VALUES ('/home/user/.openclaw/cron/jobs.json', 'c1392c85-0eee-40d8-a4fb-e30fd83dd3d6', 1, 1795299223566, 'error', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'The numbers add up: 42 widgets counted.', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'unknown', NULL, NULL, 'd64ebd90-3428-4a64-9ec7-1e8e326a2397', 'agent:main:cron:c1392c85-0eee-40d8-a4fb-e30fd83dd3d6:run:d64ebd90-3428-4a64-9ec7-1e8e326a2397', 'manual:c1392c85-0eee-40d8-a4fb-e30fd83dd3d6:1795299204425:1', 1795299204426, 19083, 1795385595141, 'm', 'fake', 2, '{"ts":1795299223566,"jobId":"c1392c85-0eee-40d8-a4fb-e30fd83dd3d6","action":"finished","status":"error","error":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","summary":"The numbers add up: 42 widgets counted.","diagnostics":{"summary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795299222479,"source":"delivery","severity":"error","message":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"deliveryStatus":"unknown","failureNotificationDelivery":{"status":"unknown"},"delivery":{"intended":{"channel":"telegram","to":"4242","source":"explicit"},"resolved":{"ok":true,"channel":"telegram","to":"4242","source":"explicit"},"fallbackUsed":true,"delivered":false},"sessionId":"d64ebd90-3428-4a64-9ec7-1e8e326a2397","sessionKey":"agent:main:cron:c1392c85-0eee-40d8-a4fb-e30fd83dd3d6:run:d64ebd90-3428-4a64-9ec7-1e8e326a2397","runId":"manual:c1392c85-0eee-40d8-a4fb-e30fd83dd3d6:1795299204425:1","runAtMs":1795299204426,"durationMs":19083,"nextRunAtMs":1795385595141,"model":"m","provider":"fake","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}', 1795299223579);
