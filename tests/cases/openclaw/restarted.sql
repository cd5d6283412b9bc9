PRAGMA user_version = 18;
CREATE TABLE agent_databases (
  agent_id TEXT NOT NULL,
  path TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  size_bytes INTEGER,
  PRIMARY KEY (agent_id, path)
) STRICT;
INSERT INTO agent_databases VALUES ('main', 'agents/main/agent/openclaw-agent.sqlite', 23, 1795298890680, 1302528);
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
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', '4536f6c8-9fe7-4865-ab3e-43212665a40d', NULL, NULL, 'command-hangs', NULL, 1, NULL, 'command', '{"id":"4536f6c8-9fe7-4865-ab3e-43212665a40d","name":"command-hangs","enabled":true,"createdAtMs":1795298746130,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298746130},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"command","argv":["sh","-lc","sleep 3000"],"timeoutSeconds":2400},"delivery":{"mode":"none","channel":"last"},"state":{}}', 'sha256:RGgbhBbPa_nIc44DBevlpilHcLap0euZ58O3Zmhn-Hs', 1, 1795298936004, '{"nextRunAtMs":1795385155585,"lastRunAtMs":1795298755585,"lastRunStatus":"error","lastStatus":"error","lastError":"cron: job interrupted by gateway restart","lastDurationMs":180419,"consecutiveErrors":1,"lastDelivered":false,"lastDeliveryStatus":"unknown","lastDeliveryError":"cron: job interrupted by gateway restart","lastFailureNotificationDeliveryStatus":"not-requested","failureAlertIncident":{"scope":"run"}}', 1795298936004, '{"version":2,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298746130},"hasTrigger":false}', 4, 1795298936004);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', '45b847c8-64f5-4f55-bd61-99a44e690d55', NULL, NULL, 'works-long', NULL, 1, NULL, 'agentTurn', '{"id":"45b847c8-64f5-4f55-bd61-99a44e690d55","name":"works-long","enabled":true,"createdAtMs":1795298762097,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298762097},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"WORK 8 then report","toolsAllow":["*"]},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"scheduledToolPolicy":{"version":1,"mode":"trusted"},"state":{}}', 'sha256:DUV7On5tY34SHydTSNhIr2-FFmPIWv7yC_vjI3a7tsE', 1, 1795298936196, '{"nextRunAtMs":1795385167716,"lastRunAtMs":1795298767716,"lastRunStatus":"error","lastStatus":"error","lastError":"cron: job interrupted by gateway restart","lastDurationMs":168480,"consecutiveErrors":1,"lastDelivered":false,"lastDeliveryStatus":"unknown","lastDeliveryError":"cron: job interrupted by gateway restart","lastFailureNotificationDeliveryStatus":"not-requested","failureAlertIncident":{"scope":"run"}}', 1795298936196, '{"version":2,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298762097},"hasTrigger":false}', 5, 1795298936196);
INSERT INTO cron_jobs VALUES ('/home/user/.openclaw/cron/jobs.json', '88762d50-0ee1-4e77-8bd4-1e89c398f184', NULL, NULL, 'hangs', NULL, 1, NULL, 'agentTurn', '{"id":"88762d50-0ee1-4e77-8bd4-1e89c398f184","name":"hangs","enabled":true,"createdAtMs":1795298733719,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298733719},"sessionTarget":"isolated","wakeMode":"now","payload":{"kind":"agentTurn","message":"HANG while counting","toolsAllow":["*"]},"delivery":{"mode":"announce","channel":"telegram","to":"4242"},"scheduledToolPolicy":{"version":1,"mode":"trusted"},"state":{}}', 'sha256:2EBGivD09ML5fGRr3UMuk0CqF6QUI-1DvR12C4rrv9k', 1, 1795298933965, '{"nextRunAtMs":1795385139985,"lastRunAtMs":1795298739985,"lastRunStatus":"error","lastStatus":"error","lastError":"cron: job interrupted by gateway restart","lastDurationMs":193980,"consecutiveErrors":1,"lastDelivered":false,"lastDeliveryStatus":"unknown","lastDeliveryError":"cron: job interrupted by gateway restart","lastFailureNotificationDeliveryStatus":"not-requested","failureAlertIncident":{"scope":"run"}}', 1795298933965, '{"version":2,"enabled":true,"schedule":{"kind":"every","everyMs":86400000,"anchorMs":1795298733719},"hasTrigger":false}', 3, 1795298933965);
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
INSERT INTO cron_run_receipts VALUES ('743f8351-c3f7-43bc-8637-568856fc3c4d', '/home/user/.openclaw/cron/jobs.json', '4536f6c8-9fe7-4865-ab3e-43212665a40d', 'sha256:OuzdsgFXd-H5JgQqkaoWSDf0_CauARaowkLSEKvg1pk', 'main', 'manual:4536f6c8-9fe7-4865-ab3e-43212665a40d:1795298754778:2', 'interrupted', 17554, 337034, 1795298755585, 1795298936004, 'cron: job interrupted because owner is unavailable');
INSERT INTO cron_run_receipts VALUES ('ba8f5653-642c-45eb-9242-9bfad91183b6', '/home/user/.openclaw/cron/jobs.json', '45b847c8-64f5-4f55-bd61-99a44e690d55', 'sha256:tH45_4BNsWl1a1QyHFt9HSmfkCSrxNL-WaWRtouCQY4', 'main', 'manual:45b847c8-64f5-4f55-bd61-99a44e690d55:1795298767692:3', 'interrupted', 17554, 337034, 1795298767716, 1795298936196, 'cron: job interrupted because owner is unavailable');
INSERT INTO cron_run_receipts VALUES ('bc709a07-b0f2-4c91-bce5-6a5bf749541c', '/home/user/.openclaw/cron/jobs.json', '88762d50-0ee1-4e77-8bd4-1e89c398f184', 'sha256:-TCT6FK1-3UvA0F5_M5y99h7X2PTgDxKPC9qD4Sn7vI', 'main', 'manual:88762d50-0ee1-4e77-8bd4-1e89c398f184:1795298739962:1', 'interrupted', 17554, 337034, 1795298739985, 1795298933965, 'cron: job interrupted because owner is unavailable');
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
INSERT INTO device_identities VALUES ('primary', '7ef47f1b7b408b27925c884602ed966e0d07b502ee5770f40c6b998c5e9ebea0', 'left out', 'left out', 1795298711666, 1795298711666);
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
INSERT INTO gateway_boot_lifecycle VALUES ('3057de6e-d79a-4341-bff6-79a24e05e7bd', 21594, 1795298877191, NULL, NULL, NULL, NULL);
INSERT INTO gateway_boot_lifecycle VALUES ('aab1f205-f78f-45ad-abf7-dce2e116cb2b', 17554, 1795298699184, NULL, NULL, NULL, NULL);
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
INSERT INTO state_leases VALUES ('gateway-owner', 'global', 'dec4de6c-2d7a-4c1b-bec6-0d32438d27d6', 1795299267181, 1795298967181, '{"owner":{"pid":21594,"host":"workstation","startedAt":355718},"port":18789,"mode":"foreground","supervisor":null}', 1795298876624, 1795298967181);
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
INSERT INTO subagent_runs VALUES ('5c0ed3cf-fb82-41a2-a30b-d4493e82ea00', 'agent:main:subagent:b94a4006-aa6c-4958-8ffb-5fefd4f5b990', 'agent:main:explicit:waiting', '/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite', 'agent:main:explicit:waiting', '/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite', 1795298804880, '{"runId":"5c0ed3cf-fb82-41a2-a30b-d4493e82ea00","taskRunId":"5c0ed3cf-fb82-41a2-a30b-d4493e82ea00","childSessionKey":"agent:main:subagent:b94a4006-aa6c-4958-8ffb-5fefd4f5b990","controllerSessionKey":"agent:main:explicit:waiting","requesterSessionKey":"agent:main:explicit:waiting","progressOrigin":{},"requesterDisplayKey":"agent:main:explicit:waiting","requesterAgentId":"main","task":"HANG widgets","cleanup":"keep","expectsCompletionMessage":true,"completionRequesterSessionId":"waiting","spawnMode":"run","label":"stuck","model":"fake/m","agentDir":"/home/user/.openclaw/agents/main/agent","workspaceDir":"/home/user/.openclaw/workspace","runTimeoutSeconds":900,"collect":false,"swarmLaunchPending":false,"generation":1,"createdAt":1795298804880,"execution":{"status":"terminal","startedAt":1795298805414,"lifecycleGeneration":"98eee9dd-4251-4302-8080-f3eeb583f968","endedAt":1795298919527,"outcome":{"status":"error","error":"Subagent execution was interrupted by a Gateway restart. Inspect retained session history and uncertain tool outcomes, then continue the child with a follow-up or assign replacement work.","startedAt":1795298805414,"endedAt":1795298919527,"elapsedMs":114113}},"completion":{"required":true,"resultText":null,"capturedAt":1795298919527},"delivery":{"status":"pending"},"sessionStartedAt":1795298804880,"accumulatedRuntimeMs":0,"cleanupHandled":false,"retainAttachmentsOnKeep":false,"requesterStorePath":"/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite","controllerStorePath":"/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite","terminalOwner":"interrupted-recovery","endedReason":"subagent-error","browserCleanupDispatchedAt":1795298920578}');
INSERT INTO subagent_runs VALUES ('7e7b68dc-5d69-43df-b785-e573081f5752', 'agent:main:subagent:eab97ee6-ff6e-493e-9140-be14e63c99d3', 'agent:main:explicit:untold', '/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite', 'agent:main:explicit:untold', '/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite', 1795298799117, '{"runId":"7e7b68dc-5d69-43df-b785-e573081f5752","taskRunId":"7e7b68dc-5d69-43df-b785-e573081f5752","childSessionKey":"agent:main:subagent:eab97ee6-ff6e-493e-9140-be14e63c99d3","controllerSessionKey":"agent:main:explicit:untold","requesterSessionKey":"agent:main:explicit:untold","progressOrigin":{},"requesterDisplayKey":"agent:main:explicit:untold","requesterAgentId":"main","task":"count the widgets","cleanup":"keep","expectsCompletionMessage":true,"completionRequesterSessionId":"untold","spawnMode":"run","label":"HANG-announce","model":"fake/m","agentDir":"/home/user/.openclaw/agents/main/agent","workspaceDir":"/home/user/.openclaw/workspace","runTimeoutSeconds":0,"collect":false,"swarmLaunchPending":false,"generation":1,"createdAt":1795298799117,"execution":{"status":"terminal","startedAt":1795298799439,"lifecycleGeneration":"98eee9dd-4251-4302-8080-f3eeb583f968","endedAt":1795298800221,"outcome":{"status":"ok","startedAt":1795298799439,"endedAt":1795298800221,"elapsedMs":782}},"completion":{"required":true,"terminalReply":{"disposition":"visible","text":"The numbers add up: 42 widgets counted."},"resultText":"The numbers add up: 42 widgets counted.","capturedAt":1795298800221},"delivery":{"status":"pending"},"sessionStartedAt":1795298799117,"accumulatedRuntimeMs":0,"cleanupHandled":false,"retainAttachmentsOnKeep":false,"requesterStorePath":"/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite","controllerStorePath":"/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite","endedReason":"subagent-complete","browserCleanupDispatchedAt":1795298800245}');
INSERT INTO subagent_runs VALUES ('c0e997d4-69db-4c6f-97ea-98fd1cd160cc', 'agent:main:subagent:2b89ede6-44d5-4a52-9ce5-3b471504b6a3', 'agent:main:explicit:quiet', '/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite', 'agent:main:explicit:quiet', '/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite', 1795298809183, '{"runId":"c0e997d4-69db-4c6f-97ea-98fd1cd160cc","taskRunId":"c0e997d4-69db-4c6f-97ea-98fd1cd160cc","requesterTurnRunId":"371042f3-3c78-4a09-9fd8-07eabfd1f0ed","childSessionKey":"agent:main:subagent:2b89ede6-44d5-4a52-9ce5-3b471504b6a3","controllerSessionKey":"agent:main:explicit:quiet","requesterSessionKey":"agent:main:explicit:quiet","progressOrigin":{},"requesterDisplayKey":"agent:main:explicit:quiet","requesterAgentId":"main","task":"count the widgets","cleanup":"keep","expectsCompletionMessage":false,"completionRequesterSessionId":"quiet","spawnMode":"run","label":"not-awaited","model":"fake/m","agentDir":"/home/user/.openclaw/agents/main/agent","workspaceDir":"/home/user/.openclaw/workspace","runTimeoutSeconds":0,"collect":false,"swarmLaunchPending":false,"generation":1,"createdAt":1795298809183,"execution":{"status":"terminal","startedAt":1795298809365,"lifecycleGeneration":"98eee9dd-4251-4302-8080-f3eeb583f968","endedAt":1795298809744,"outcome":{"status":"ok","startedAt":1795298809365,"endedAt":1795298809744,"elapsedMs":379}},"completion":{"required":false,"terminalReply":{"disposition":"visible","text":"The numbers add up: 42 widgets counted."},"resultText":"The numbers add up: 42 widgets counted.","capturedAt":1795298809744},"delivery":{"status":"not_required"},"sessionStartedAt":1795298809183,"accumulatedRuntimeMs":0,"cleanupHandled":true,"retainAttachmentsOnKeep":false,"requesterStorePath":"/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite","controllerStorePath":"/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite","endedReason":"subagent-complete","endedHookEmittedAt":1795298809822,"browserCleanupDispatchedAt":1795298809824,"cleanupCompletedAt":1795298809844}');
INSERT INTO subagent_runs VALUES ('f230f353-f6fc-4fec-9f1a-e20c37e6f392', 'agent:main:subagent:02f15c8c-1d9a-4518-9eee-9ecafe9a19d6', 'agent:main:explicit:told', '/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite', 'agent:main:explicit:told', '/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite', 1795298784106, '{"runId":"f230f353-f6fc-4fec-9f1a-e20c37e6f392","taskRunId":"f230f353-f6fc-4fec-9f1a-e20c37e6f392","childSessionKey":"agent:main:subagent:02f15c8c-1d9a-4518-9eee-9ecafe9a19d6","controllerSessionKey":"agent:main:explicit:told","requesterSessionKey":"agent:main:explicit:told","progressOrigin":{},"requesterDisplayKey":"agent:main:explicit:told","requesterAgentId":"main","task":"count the widgets","cleanup":"keep","expectsCompletionMessage":true,"completionRequesterSessionId":"told","spawnMode":"run","label":"announced","model":"fake/m","agentDir":"/home/user/.openclaw/agents/main/agent","workspaceDir":"/home/user/.openclaw/workspace","runTimeoutSeconds":600,"collect":false,"swarmLaunchPending":false,"generation":1,"createdAt":1795298784106,"execution":{"status":"terminal","startedAt":1795298787271,"lifecycleGeneration":"98eee9dd-4251-4302-8080-f3eeb583f968","endedAt":1795298794408,"outcome":{"status":"ok","startedAt":1795298787271,"endedAt":1795298794408,"elapsedMs":7137}},"completion":{"required":true,"terminalReply":{"disposition":"visible","text":"The numbers add up: 42 widgets counted."},"resultText":"The numbers add up: 42 widgets counted.","capturedAt":1795298794408},"delivery":{"status":"delivered","deliveredAt":1795298796954,"disposition":"delivered","announcedAt":1795298796954},"sessionStartedAt":1795298784106,"accumulatedRuntimeMs":0,"cleanupHandled":true,"retainAttachmentsOnKeep":false,"requesterStorePath":"/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite","controllerStorePath":"/home/user/.openclaw/agents/main/agent/openclaw-agent.sqlite","endedReason":"subagent-complete","browserCleanupDispatchedAt":1795298794587,"cleanupCompletedAt":1795298796966,"endedHookEmittedAt":1795298797077}');
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
INSERT INTO task_runs VALUES ('30ee4982-3965-4e40-8f0f-3f17b3f0567a', 'cron', 'automation_run', '88762d50-0ee1-4e77-8bd4-1e89c398f184', '', '', 'system', NULL, NULL, NULL, 'main', NULL, 'cron:88762d50-0ee1-4e77-8bd4-1e89c398f184:1795298739985:bc709a07-b0f2-4c91-bce5-6a5bf749541c:manual:88762d50-0ee1-4e77-8bd4-1e89c398f184:1795298739962:1', NULL, NULL, NULL, 'hangs', 'hangs', 'failed', 'not_applicable', 'silent', 1795298739985, 1795298739985, 1795298933965, 1795298933965, 1795903733965, NULL, NULL, 'cron: job interrupted by gateway restart', 'Running automation.', NULL, NULL, '{"kind":"cron-run","status":"error","completionStatus":"failed","error":"cron: job interrupted by gateway restart","summary":null,"storeKey":"/home/user/.openclaw/cron/jobs.json","delivered":false,"deliveryStatus":"unknown","deliveryError":"cron: job interrupted by gateway restart","runAtMs":1795298739985,"durationMs":193980,"nextRunAtMs":1795385139985}');
INSERT INTO task_runs VALUES ('5edaf272-6990-4fe9-90d5-0469aadc9dfc', 'cron', 'automation_run', '4536f6c8-9fe7-4865-ab3e-43212665a40d', '', '', 'system', NULL, NULL, NULL, 'main', NULL, 'cron:4536f6c8-9fe7-4865-ab3e-43212665a40d:1795298755585:743f8351-c3f7-43bc-8637-568856fc3c4d:manual:4536f6c8-9fe7-4865-ab3e-43212665a40d:1795298754778:2', NULL, NULL, NULL, 'command-hangs', 'command-hangs', 'failed', 'not_applicable', 'silent', 1795298755585, 1795298755585, 1795298936004, 1795298936004, 1795903736004, NULL, NULL, 'cron: job interrupted by gateway restart', 'Running automation.', NULL, NULL, '{"kind":"cron-run","status":"error","completionStatus":"failed","error":"cron: job interrupted by gateway restart","summary":null,"storeKey":"/home/user/.openclaw/cron/jobs.json","delivered":false,"deliveryStatus":"unknown","deliveryError":"cron: job interrupted by gateway restart","runAtMs":1795298755585,"durationMs":180419,"nextRunAtMs":1795385155585}');
INSERT INTO task_runs VALUES ('6135b490-5b88-4263-a852-85073a999990', 'cli', NULL, 'e704f658-eb04-46da-aa20-be75914f1d0c', 'agent:main:explicit:untold', 'agent:main:explicit:untold', 'session', 'agent:main:explicit:untold', NULL, NULL, 'main', 'main', 'e704f658-eb04-46da-aa20-be75914f1d0c', 'workstation', 17554, 337034, NULL, 'SPAWN {"task": "count the widgets", "label": "HANG-announce"}', 'succeeded', 'not_applicable', 'silent', 1795298795549, 1795298797588, 1795298799319, 1795298799319, 1795903599319, 1, 'sessions_spawn', NULL, NULL, 'completed', NULL, NULL);
INSERT INTO task_runs VALUES ('6638581c-ef73-4373-b8ba-3727c3c084cb', 'cli', 'exec', 'kind-glade', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'session', NULL, NULL, NULL, 'main', 'main', 'exec:kind-glade', NULL, NULL, NULL, 'sleep 40', 'sleep 40', 'succeeded', 'not_applicable', 'silent', 1795298784740, 1795298784740, 1795298824814, 1795298824814, 1795903624814, NULL, NULL, NULL, NULL, 'Command completed', NULL, '{"exitCode":0}');
INSERT INTO task_runs VALUES ('70718cc9-8f10-4180-bd8d-88f515d2342f', 'cli', NULL, 'dd97889d-5d7a-403d-8a40-65d702dbc0b7', 'agent:main:explicit:alone', 'agent:main:explicit:alone', 'session', 'agent:main:explicit:alone', NULL, NULL, 'main', 'main', 'dd97889d-5d7a-403d-8a40-65d702dbc0b7', 'workstation', 21594, 355718, NULL, '[System] Your previous turn was interrupted by a gateway restart while OpenClaw was waiting on tool/model work. The restart did not cancel the user''s task. Continue from the existing transcript: check the current state, recover interrupted work, and finish the task without asking the user to repeat the request. Interrupted subagents are not automatically relaunched. Inspect their saved results and current status; continue a retained child session or start a replacement when needed, after confirming the previous execution has stopped. Treat a tool result marked interrupted or missing as having an unknown outcome; verify what happened before repeating an action. If a tool failed, say so; never claim completion or success.', 'running', 'not_applicable', 'silent', 1795298928416, 1795298960836, NULL, 1795298960836, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO task_runs VALUES ('80238d07-8874-479b-b356-c22a36ae4fd6', 'subagent', NULL, 'f230f353-f6fc-4fec-9f1a-e20c37e6f392', 'agent:main:explicit:told', 'agent:main:explicit:told', 'session', 'agent:main:subagent:02f15c8c-1d9a-4518-9eee-9ecafe9a19d6', '801c0878-7fa9-4a64-98a0-0c6991796c80', NULL, 'main', 'main', 'f230f353-f6fc-4fec-9f1a-e20c37e6f392', NULL, NULL, NULL, 'announced', 'count the widgets', 'succeeded', 'delivered', 'done_only', 1795298784106, 1795298793811, 1795298794408, 1795298796955, 1795903594408, NULL, NULL, NULL, 'The numbers add up: 42 widgets counted.', NULL, NULL, '{"kind":"task_backing_instance","runtime":"subagent","generation":1}');
INSERT INTO task_runs VALUES ('8ac0a996-e4f6-49f1-8f0d-827a2d825032', 'cli', NULL, 'b8d61300-d3b4-495c-8c5e-d577557f74a6', 'agent:main:explicit:waiting', 'agent:main:explicit:waiting', 'session', 'agent:main:explicit:waiting', NULL, NULL, 'main', 'main', 'b8d61300-d3b4-495c-8c5e-d577557f74a6', 'workstation', 17554, 337034, NULL, 'SPAWN {"task": "HANG widgets", "label": "stuck", "runTimeoutSeconds": 900}', 'succeeded', 'not_applicable', 'silent', 1795298803660, 1795298804701, 1795298805059, 1795298805059, 1795903605059, 1, 'sessions_spawn', NULL, NULL, 'completed', NULL, NULL);
INSERT INTO task_runs VALUES ('902c3a9e-dc58-4cd2-b79d-9de4ec3f80d7', 'subagent', NULL, '7e7b68dc-5d69-43df-b785-e573081f5752', 'agent:main:explicit:untold', 'agent:main:explicit:untold', 'session', 'agent:main:subagent:eab97ee6-ff6e-493e-9140-be14e63c99d3', '5ef451a9-28fb-4265-b34b-8dcb5fac9037', NULL, 'main', 'main', '7e7b68dc-5d69-43df-b785-e573081f5752', NULL, NULL, NULL, 'HANG-announce', 'count the widgets', 'succeeded', 'pending', 'done_only', 1795298799117, 1795298799947, 1795298800221, 1795298800221, 1795903600221, NULL, NULL, NULL, 'The numbers add up: 42 widgets counted.', NULL, NULL, '{"kind":"task_backing_instance","runtime":"subagent","generation":1}');
INSERT INTO task_runs VALUES ('91d2d33d-c8db-4ab0-a5a4-e6200759098c', 'cli', 'exec', 'fresh-prairie', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'session', NULL, NULL, NULL, 'main', 'main', 'exec:fresh-prairie', NULL, NULL, NULL, 'sleep 40', 'sleep 40', 'succeeded', 'not_applicable', 'silent', 1795298771790, 1795298771790, 1795298811869, 1795298811869, 1795903611869, NULL, NULL, NULL, NULL, 'Command completed', NULL, '{"exitCode":0}');
INSERT INTO task_runs VALUES ('afc8974b-54ff-4d73-be40-a9b12144f1dc', 'cli', NULL, 'c0a10311-e99d-40de-84fa-447b14587d31', 'agent:main:explicit:told', 'agent:main:explicit:told', 'session', 'agent:main:explicit:told', NULL, NULL, 'main', 'main', 'c0a10311-e99d-40de-84fa-447b14587d31', 'workstation', 17554, 337034, NULL, 'SPAWN {"task": "count the widgets", "label": "announced", "runTimeoutSeconds": 600}', 'succeeded', 'not_applicable', 'silent', 1795298773361, 1795298781405, 1795298786584, 1795298786584, 1795903586584, 1, 'sessions_spawn', NULL, NULL, 'completed', NULL, NULL);
INSERT INTO task_runs VALUES ('b1ceb654-6ed5-4020-b945-69e492a3179c', 'subagent', NULL, '5c0ed3cf-fb82-41a2-a30b-d4493e82ea00', 'agent:main:explicit:waiting', 'agent:main:explicit:waiting', 'session', 'agent:main:subagent:b94a4006-aa6c-4958-8ffb-5fefd4f5b990', '3748fd7e-0f2a-4b2e-af9b-bb3954ad6179', NULL, 'main', 'main', '5c0ed3cf-fb82-41a2-a30b-d4493e82ea00', NULL, NULL, NULL, 'stuck', 'HANG widgets', 'failed', 'pending', 'done_only', 1795298804880, 1795298805414, 1795298919527, 1795298919527, 1795903719527, NULL, NULL, 'Subagent execution was interrupted by a Gateway restart. Inspect retained session history and uncertain tool outcomes, then continue the child with a follow-up or assign replacement work.', NULL, NULL, NULL, '{"kind":"task_backing_instance","runtime":"subagent","generation":1}');
INSERT INTO task_runs VALUES ('b62e3db1-ae54-482d-b3e1-e50c5d8c4baf', 'cron', 'automation_run', '45b847c8-64f5-4f55-bd61-99a44e690d55', '', '', 'system', NULL, NULL, NULL, 'main', NULL, 'cron:45b847c8-64f5-4f55-bd61-99a44e690d55:1795298767716:ba8f5653-642c-45eb-9242-9bfad91183b6:manual:45b847c8-64f5-4f55-bd61-99a44e690d55:1795298767692:3', NULL, NULL, NULL, 'works-long', 'works-long', 'failed', 'not_applicable', 'silent', 1795298767716, 1795298767716, 1795298936196, 1795298936196, 1795903736196, NULL, NULL, 'cron: job interrupted by gateway restart', 'Running automation.', NULL, NULL, '{"kind":"cron-run","status":"error","completionStatus":"failed","error":"cron: job interrupted by gateway restart","summary":null,"storeKey":"/home/user/.openclaw/cron/jobs.json","delivered":false,"deliveryStatus":"unknown","deliveryError":"cron: job interrupted by gateway restart","runAtMs":1795298767716,"durationMs":168480,"nextRunAtMs":1795385167716}');
INSERT INTO task_runs VALUES ('dd1eb98e-25d6-4d24-b5da-ddb9e1cdfb1a', 'cli', NULL, 'af2522a5-016d-40f6-b4a2-227e04722f87', 'agent:main:explicit:alone', 'agent:main:explicit:alone', 'session', 'agent:main:explicit:alone', NULL, NULL, 'main', 'main', 'af2522a5-016d-40f6-b4a2-227e04722f87', 'workstation', 17554, 337034, NULL, 'HANG forever', 'cancelled', 'not_applicable', 'silent', 1795298813341, 1795298813597, 1795298859319, 1795298859319, 1795903659319, NULL, NULL, 'Task execution process exited before restart.', NULL, 'Task execution process exited before restart.', NULL, NULL);
INSERT INTO task_runs VALUES ('dea20977-3031-478c-a73a-0fc64e154d3e', 'cli', 'exec', 'crisp-lagoon', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'session', NULL, NULL, NULL, 'main', 'main', 'exec:crisp-lagoon', NULL, NULL, NULL, 'sleep 40', 'sleep 40', 'running', 'not_applicable', 'silent', 1795298838022, 1795298838022, NULL, 1795298838022, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO task_runs VALUES ('e58f4d57-38bf-4bec-a60e-3f03d58760bf', 'subagent', NULL, 'c0e997d4-69db-4c6f-97ea-98fd1cd160cc', 'agent:main:explicit:quiet', 'agent:main:explicit:quiet', 'session', 'agent:main:subagent:2b89ede6-44d5-4a52-9ce5-3b471504b6a3', NULL, NULL, 'main', 'main', 'c0e997d4-69db-4c6f-97ea-98fd1cd160cc', NULL, NULL, NULL, 'not-awaited', 'count the widgets', 'succeeded', 'not_applicable', 'silent', 1795298809183, 1795298809575, 1795298809744, 1795298809744, 1795903609744, NULL, NULL, NULL, 'The numbers add up: 42 widgets counted.', NULL, NULL, '{"kind":"task_backing_instance","runtime":"subagent","generation":1}');
INSERT INTO task_runs VALUES ('ecd345c7-3530-4090-9e85-da4b7ebb5a49', 'cli', 'exec', 'dawn-pine', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'session', NULL, NULL, NULL, 'main', 'main', 'exec:dawn-pine', NULL, NULL, NULL, 'sleep 40', 'sleep 40', 'succeeded', 'not_applicable', 'silent', 1795298807411, 1795298807411, 1795298847445, 1795298847445, 1795903647445, NULL, NULL, NULL, NULL, 'Command completed', NULL, '{"exitCode":0}');
INSERT INTO task_runs VALUES ('ee94fda3-fb0d-4564-a63a-cc5b3dc4acba', 'cli', 'exec', 'delta-cedar', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'session', NULL, NULL, NULL, 'main', 'main', 'exec:delta-cedar', NULL, NULL, NULL, 'sleep 40', 'sleep 40', 'running', 'not_applicable', 'silent', 1795298817573, 1795298817573, NULL, 1795298817573, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO task_runs VALUES ('ef2e4017-6e8c-4bdf-845b-2f8fee14cb56', 'cli', 'exec', 'tidy-slug', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'session', NULL, NULL, NULL, 'main', 'main', 'exec:tidy-slug', NULL, NULL, NULL, 'sleep 40', 'sleep 40', 'succeeded', 'not_applicable', 'silent', 1795298797210, 1795298797210, 1795298837223, 1795298837223, 1795903637223, NULL, NULL, NULL, NULL, 'Command completed', NULL, '{"exitCode":0}');
INSERT INTO task_runs VALUES ('f3ef8038-4a5f-4d86-bc7b-8b5fe1c6a9d3', 'cli', NULL, '371042f3-3c78-4a09-9fd8-07eabfd1f0ed', 'agent:main:explicit:quiet', 'agent:main:explicit:quiet', 'session', 'agent:main:explicit:quiet', NULL, NULL, 'main', 'main', '371042f3-3c78-4a09-9fd8-07eabfd1f0ed', 'workstation', 17554, 337034, NULL, 'SPAWN {"task": "count the widgets", "label": "not-awaited", "expectsCompletionMessage": false}', 'succeeded', 'not_applicable', 'silent', 1795298808791, 1795298809039, 1795298809322, 1795298809322, 1795903609322, 1, 'sessions_spawn', NULL, NULL, 'completed', NULL, NULL);
INSERT INTO task_runs VALUES ('f459f3eb-0ec8-4dc9-9111-83a40ba9589e', 'cli', 'exec', 'salty-river', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'agent:main:cron:45b847c8-64f5-4f55-bd61-99a44e690d55:run:00b0e514-1891-407a-8135-a4323217ba55', 'session', NULL, NULL, NULL, 'main', 'main', 'exec:salty-river', NULL, NULL, NULL, 'sleep 40', 'sleep 40', 'running', 'not_applicable', 'silent', 1795298827838, 1795298827838, NULL, 1795298827838, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
