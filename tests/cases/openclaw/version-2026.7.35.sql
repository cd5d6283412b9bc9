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
  declaration_key TEXT,
  display_name TEXT,
  owner_agent_id TEXT,
  owner_session_key TEXT,
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
  trigger_script TEXT,
  trigger_once INTEGER,
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
  payload_tools_allow_is_default INTEGER,
  delivery_mode TEXT,
  delivery_channel TEXT,
  delivery_to TEXT,
  delivery_thread_id TEXT,
  delivery_thread_id_type TEXT,
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
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', '074b33ad-621a-465d-b03a-2e0fcab7f946', NULL, NULL, NULL, NULL, 'good', NULL, 1, NULL, 1795299364431, NULL, NULL, 'every', NULL, NULL, 86400000, 1795299364431, NULL, NULL, 'isolated', 'now', NULL, NULL, 'agentTurn', 'count widgets', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'announce', 'telegram', '4242', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795385764431, NULL, 1795299372288, 'error', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 23367, 1, 0, NULL, 'unknown', NULL, NULL, NULL, '{"id":"074b33ad-621a-465d-b03a-2e0fcab7f946","name":"good","enabled":true,"createdAtMs":1795299364431,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299364431},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"count widgets"},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"state":{}}', '{"nextRunAtMs":1795385764431,"lastError":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastRunAtMs":1795299372288,"lastRunStatus":"error","lastStatus":"error","lastDurationMs":23367,"lastDiagnostics":{"summary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795299394680,"source":"delivery","severity":"error","message":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"lastDiagnosticSummary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastErrorReason":"auth","lastDeliveryStatus":"unknown","lastFailureNotificationDeliveryStatus":"unknown","consecutiveErrors":1,"consecutiveSkipped":0}', 1795299395655, '{"version":1,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299364431}}', 0, 1795299395655);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', 'c516f325-c243-4cb3-aba0-43030dcf142b', NULL, NULL, NULL, NULL, 'refused', NULL, 1, NULL, 1795299396499, NULL, NULL, 'every', NULL, NULL, 86400000, 1795299396499, NULL, NULL, 'isolated', 'now', NULL, NULL, 'agentTurn', 'count widgets', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'announce', 'telegram', '4242', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795385796499, NULL, 1795299408135, 'error', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 2537, 1, 0, NULL, 'unknown', NULL, NULL, NULL, '{"id":"c516f325-c243-4cb3-aba0-43030dcf142b","name":"refused","enabled":true,"createdAtMs":1795299396499,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299396499},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"count widgets"},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"state":{}}', '{"nextRunAtMs":1795385796499,"lastError":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastRunAtMs":1795299408135,"lastRunStatus":"error","lastStatus":"error","lastDurationMs":2537,"lastDiagnostics":{"summary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795299410558,"source":"delivery","severity":"error","message":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"lastDiagnosticSummary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","lastErrorReason":"auth","lastDeliveryStatus":"unknown","lastFailureNotificationDeliveryStatus":"unknown","consecutiveErrors":1,"consecutiveSkipped":0}', 1795299410672, '{"version":1,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299396499}}', 1, 1795299410672);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', 'd1194188-6aa7-4232-923e-5da55d6f15bd', NULL, NULL, NULL, NULL, 'hang', NULL, 1, NULL, 1795299428749, NULL, NULL, 'every', NULL, NULL, 86400000, 1795299428749, NULL, NULL, 'isolated', 'now', NULL, NULL, 'agentTurn', 'HANG widgets', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'announce', 'telegram', '4242', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795385828749, 1795299436480, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"id":"d1194188-6aa7-4232-923e-5da55d6f15bd","name":"hang","enabled":true,"createdAtMs":1795299428749,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299428749},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"HANG widgets"},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"state":{}}', '{"nextRunAtMs":1795385828749,"runningAtMs":1795299436480}', 1795299428749, '{"version":1,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795299428749}}', 2, 1795299428749);
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
INSERT INTO delivery_queue_entries VALUES ('outbound', '0aae79b3-8bfe-4cd5-9824-2794ffd0b17c', 'failed', NULL, 'cron:074b33ad-621a-465d-b03a-2e0fcab7f946:failure', 'telegram', '4242', NULL, 1, 1795299395918, 'Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'send_attempt_started', 1795299395848, '{"id":"0aae79b3-8bfe-4cd5-9824-2794ffd0b17c","enqueuedAt":1795299395816,"channel":"telegram","to":"4242","queuePolicy":"required","payloads":[{"text":"⚠️ Cron job \"good\" failed: OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}],"renderedBatchPlan":{"payloadCount":1,"textCount":1,"mediaCount":0,"voiceCount":0,"presentationCount":0,"interactiveCount":0,"channelDataCount":0,"items":[{"index":0,"kinds":["text"],"text":"⚠️ Cron job \"good\" failed: OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","mediaUrls":[]}]},"bestEffort":false,"session":{"key":"cron:074b33ad-621a-465d-b03a-2e0fcab7f946:failure","agentId":"main"},"retryCount":1,"platformSendStartedAt":1795299395848,"effectiveReplyToId":null,"recoveryState":"send_attempt_started","lastAttemptAt":1795299395918,"lastError":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}', 1795299395816, 1795299404587, 1795299404587);
INSERT INTO delivery_queue_entries VALUES ('outbound', '4fea5c04-4afc-4060-9dca-0281ecf035e9', 'failed', NULL, 'cron:c516f325-c243-4cb3-aba0-43030dcf142b:failure', 'telegram', '4242', NULL, 1, 1795299411571, 'Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'send_attempt_started', 1795299410689, '{"id":"4fea5c04-4afc-4060-9dca-0281ecf035e9","enqueuedAt":1795299410687,"channel":"telegram","to":"4242","queuePolicy":"required","payloads":[{"text":"⚠️ Cron job \"refused\" failed: OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}],"renderedBatchPlan":{"payloadCount":1,"textCount":1,"mediaCount":0,"voiceCount":0,"presentationCount":0,"interactiveCount":0,"channelDataCount":0,"items":[{"index":0,"kinds":["text"],"text":"⚠️ Cron job \"refused\" failed: OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","mediaUrls":[]}]},"bestEffort":false,"session":{"key":"cron:c516f325-c243-4cb3-aba0-43030dcf142b:failure","agentId":"main"},"retryCount":1,"platformSendStartedAt":1795299410689,"effectiveReplyToId":null,"recoveryState":"send_attempt_started","lastAttemptAt":1795299411571,"lastError":"Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}', 1795299410687, 1795299419591, 1795299419591);
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
CREATE TABLE gateway_boot_lifecycle (
  boot_id TEXT NOT NULL PRIMARY KEY,
  pid INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL,
  completed_at_ms INTEGER,
  outcome TEXT,
  startup_reason TEXT,
  reason TEXT
);
CREATE INDEX idx_gateway_boot_lifecycle_started
  ON gateway_boot_lifecycle(started_at_ms);
INSERT INTO gateway_boot_lifecycle VALUES ('be830265-0096-4436-a1bf-0694a471a3d2', 30349, 1795299344327, NULL, NULL, NULL, NULL);
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
INSERT INTO task_delivery_state VALUES ('c62a07ed-9aff-4188-a1fe-0061e5be86b9', '{"channel":"webchat"}', NULL);
CREATE TABLE task_runs (
  detail_json TEXT,
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
INSERT INTO task_runs VALUES (NULL, '44ab17a8-2ace-4ddd-8405-405a23abc16b', 'cron', NULL, 'd1194188-6aa7-4232-923e-5da55d6f15bd', '', '', 'system', NULL, NULL, NULL, NULL, NULL, 'cron:d1194188-6aa7-4232-923e-5da55d6f15bd:1795299436480', 'hang', 'hang', 'running', 'not_applicable', 'silent', 1795299436480, 1795299436480, NULL, 1795299436480, NULL, NULL, 'Running cron job.', NULL, NULL);
INSERT INTO task_runs VALUES (NULL, '66b60ea3-5bde-42c1-86f6-63aacefc7778', 'cron', NULL, '074b33ad-621a-465d-b03a-2e0fcab7f946', '', '', 'system', NULL, NULL, NULL, NULL, NULL, 'cron:074b33ad-621a-465d-b03a-2e0fcab7f946:1795299372288', 'good', 'good', 'failed', 'not_applicable', 'silent', 1795299372288, 1795299372288, 1795299395655, 1795299395655, 1795904195655, 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'Running cron job.', 'The numbers add up: 42 widgets counted.', NULL);
INSERT INTO task_runs VALUES (NULL, '87b1cc93-fbf5-4f60-ad3f-f8baaa1f81c6', 'cron', NULL, 'c516f325-c243-4cb3-aba0-43030dcf142b', '', '', 'system', NULL, NULL, NULL, NULL, NULL, 'cron:c516f325-c243-4cb3-aba0-43030dcf142b:1795299408135', 'refused', 'refused', 'failed', 'not_applicable', 'silent', 1795299408135, 1795299408135, 1795299410672, 1795299410672, 1795904210672, 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'Running cron job.', 'The numbers add up: 42 widgets counted.', NULL);
INSERT INTO task_runs VALUES (NULL, 'c62a07ed-9aff-4188-a1fe-0061e5be86b9', 'cli', NULL, 'e27be347-3fed-4699-9795-70c030078812', 'agent:main:explicit:s2', 'agent:main:explicit:s2', 'session', 'agent:main:explicit:s2', NULL, NULL, 'main', 'main', 'e27be347-3fed-4699-9795-70c030078812', NULL, 'SPAWN {"task":"count the widgets","label":"HANGannounce","runTimeoutSeconds":600}', 'succeeded', 'not_applicable', 'silent', 1795299456606, 1795299457211, 1795299460969, 1795299460926, 1795904260926, NULL, NULL, 'completed', NULL);
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
INSERT INTO cron_run_logs VALUES ('/home/user/.openclaw/cron/jobs.json', '074b33ad-621a-465d-b03a-2e0fcab7f946', 1, 1795299395768, 'error', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'The numbers add up: 42 widgets counted.', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'unknown', NULL, NULL, 'c30924d5-90a5-48d9-a693-b8a9e29d4356', 'agent:main:cron:074b33ad-621a-465d-b03a-2e0fcab7f946:run:c30924d5-90a5-48d9-a693-b8a9e29d4356', 'manual:074b33ad-621a-465d-b03a-2e0fcab7f946:1795299372287:1', 1795299372288, 23367, 1795385764431, 'm', 'fake', 2, '{"ts":1795299395768,"jobId":"074b33ad-621a-465d-b03a-2e0fcab7f946","action":"finished","status":"error","error":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","summary":"The numbers add up: 42 widgets counted.","diagnostics":{"summary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795299394680,"source":"delivery","severity":"error","message":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"deliveryStatus":"unknown","failureNotificationDelivery":{"status":"unknown"},"delivery":{"intended":{"channel":"telegram","to":"4242","source":"explicit"},"resolved":{"ok":true,"channel":"telegram","to":"4242","source":"explicit"},"fallbackUsed":true,"delivered":false},"sessionId":"c30924d5-90a5-48d9-a693-b8a9e29d4356","sessionKey":"agent:main:cron:074b33ad-621a-465d-b03a-2e0fcab7f946:run:c30924d5-90a5-48d9-a693-b8a9e29d4356","runId":"manual:074b33ad-621a-465d-b03a-2e0fcab7f946:1795299372287:1","runAtMs":1795299372288,"durationMs":23367,"nextRunAtMs":1795385764431,"model":"m","provider":"fake","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}', 1795299395794);
INSERT INTO cron_run_logs VALUES ('/home/user/.openclaw/cron/jobs.json', 'c516f325-c243-4cb3-aba0-43030dcf142b', 1, 1795299410681, 'error', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'The numbers add up: 42 widgets counted.', 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'unknown', NULL, NULL, '9dcea792-af79-428c-9544-f41e500ea7f8', 'agent:main:cron:c516f325-c243-4cb3-aba0-43030dcf142b:run:9dcea792-af79-428c-9544-f41e500ea7f8', 'manual:c516f325-c243-4cb3-aba0-43030dcf142b:1795299408134:2', 1795299408135, 2537, 1795385796499, 'm', 'fake', 2, '{"ts":1795299410681,"jobId":"c516f325-c243-4cb3-aba0-43030dcf142b","action":"finished","status":"error","error":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","summary":"The numbers add up: 42 widgets counted.","diagnostics":{"summary":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\".","entries":[{"ts":1795299410558,"source":"delivery","severity":"error","message":"OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: \"4242\"."}]},"deliveryStatus":"unknown","failureNotificationDelivery":{"status":"unknown"},"delivery":{"intended":{"channel":"telegram","to":"4242","source":"explicit"},"resolved":{"ok":true,"channel":"telegram","to":"4242","source":"explicit"},"fallbackUsed":true,"delivered":false},"sessionId":"9dcea792-af79-428c-9544-f41e500ea7f8","sessionKey":"agent:main:cron:c516f325-c243-4cb3-aba0-43030dcf142b:run:9dcea792-af79-428c-9544-f41e500ea7f8","runId":"manual:c516f325-c243-4cb3-aba0-43030dcf142b:1795299408134:2","runAtMs":1795299408135,"durationMs":2537,"nextRunAtMs":1795385796499,"model":"m","provider":"fake","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}', 1795299410684);
