PRAGMA user_version = 0;
CREATE TABLE task_delivery_state (
      task_id TEXT PRIMARY KEY,
      requester_origin_json TEXT,
      last_notified_event_at INTEGER
    );
INSERT INTO task_delivery_state VALUES ('26b9877e-eff6-45ae-a59a-baf95fd963dc', '{"channel":"webchat"}', NULL);
INSERT INTO task_delivery_state VALUES ('27eae4d6-4be4-4fdf-a115-44b90de778c8', '{"channel":"webchat"}', NULL);
INSERT INTO task_delivery_state VALUES ('90936019-ebea-4f15-be30-c16589e64ca8', '{"channel":"webchat"}', NULL);
CREATE TABLE task_runs (
      task_id TEXT PRIMARY KEY,
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
INSERT INTO task_runs VALUES ('26b9877e-eff6-45ae-a59a-baf95fd963dc', 'cli', NULL, '3ed48cb9-e64c-4106-8a82-390a3e726105', 'agent:main:explicit:s2', 'agent:main:explicit:s2', 'session', 'agent:main:explicit:s2', NULL, NULL, 'main', '3ed48cb9-e64c-4106-8a82-390a3e726105', NULL, '[Sat 2026-11-21 22:12 UTC] SPAWN {"task":"count the widgets","label":"HANGannounce","runTimeoutSeconds":600}', 'succeeded', 'not_applicable', 'silent', 1795299121645, 1795299124253, 1795299129189, 1795299125818, 1795903925818, NULL, NULL, 'completed', NULL);
INSERT INTO task_runs VALUES ('27eae4d6-4be4-4fdf-a115-44b90de778c8', 'cli', NULL, '7ef89adc-28fd-4ac4-a8e4-2b0f8afd7951', 'agent:main:subagent:dd450b94-2102-40f0-b6ad-96d6824a3bff', 'agent:main:subagent:dd450b94-2102-40f0-b6ad-96d6824a3bff', 'session', 'agent:main:subagent:dd450b94-2102-40f0-b6ad-96d6824a3bff', NULL, NULL, 'main', '7ef89adc-28fd-4ac4-a8e4-2b0f8afd7951', NULL, '[Sat 2026-11-21 22:12 UTC] [Subagent Context] You are running as a subagent (depth 1/1). Results auto-announce to your requester; do not busy-poll for status.

[Subagent Task]

count the widgets

Begin. Execute the assigned task to completion.', 'succeeded', 'not_applicable', 'silent', 1795299124640, 1795299128004, 1795299129245, 1795299128401, 1795903928401, NULL, NULL, 'completed', NULL);
INSERT INTO task_runs VALUES ('6107d583-80d3-456d-a5c3-cad78a94b823', 'cron', NULL, 'edc7075a-32bb-4a31-b066-60aed61f141e', '', '', 'system', NULL, NULL, NULL, NULL, 'cron:edc7075a-32bb-4a31-b066-60aed61f141e:1795299092683', 'refused', 'refused', 'failed', 'not_applicable', 'silent', 1795299092683, 1795299092683, 1795299096600, 1795299096600, 1795903896600, 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'Running cron job.', 'The numbers add up: 42 widgets counted.', NULL);
INSERT INTO task_runs VALUES ('8da8c2bc-d926-4198-a93f-873f70e489ea', 'cron', NULL, '5543988f-ac04-4c7e-9846-4565993dc05b', '', '', 'system', NULL, NULL, NULL, NULL, 'cron:5543988f-ac04-4c7e-9846-4565993dc05b:1795299116468', 'hang', 'hang', 'running', 'not_applicable', 'silent', 1795299116468, 1795299116468, NULL, 1795299116468, NULL, NULL, 'Running cron job.', NULL, NULL);
INSERT INTO task_runs VALUES ('90936019-ebea-4f15-be30-c16589e64ca8', 'subagent', NULL, '7ef89adc-28fd-4ac4-a8e4-2b0f8afd7951', 'agent:main:explicit:s2', 'agent:main:explicit:s2', 'session', 'agent:main:subagent:dd450b94-2102-40f0-b6ad-96d6824a3bff', '49c9e29f-bcf6-4d36-8e67-945e268ed6fd', NULL, 'main', '7ef89adc-28fd-4ac4-a8e4-2b0f8afd7951', 'HANGannounce', 'count the widgets', 'succeeded', 'pending', 'done_only', 1795299124509, 1795299128004, 1795299128401, 1795299128401, 1795903928401, NULL, 'The numbers add up: 42 widgets counted.', NULL, NULL);
INSERT INTO task_runs VALUES ('e9e609bc-1660-4d6c-ae54-f32a1dab5de4', 'cron', NULL, '350c4a9b-f779-426b-a4e7-f52c04ba699c', '', '', 'system', NULL, NULL, NULL, NULL, 'cron:350c4a9b-f779-426b-a4e7-f52c04ba699c:1795299067128', 'good', 'good', 'failed', 'not_applicable', 'silent', 1795299067128, 1795299067128, 1795299083759, 1795299083759, 1795903883759, 'OutboundDeliveryError: Telegram send failed: bot is not a member of the chat, was blocked, or was kicked (chat_id=4242). Telegram API said: Call to ''sendMessage'' failed! (403: Forbidden: bot was blocked by the user). Fix: Add the bot to the channel/group, or ensure it has not been removed/blocked/kicked by the user. Input was: "4242".', 'Running cron job.', 'The numbers add up: 42 widgets counted.', NULL);
