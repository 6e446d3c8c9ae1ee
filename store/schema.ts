import type { ColumnType, Generated } from 'kysely';
import type { JsonValue } from './json.ts';

/** jsonb: read as a value, written as text made by `jsonText`. */
type Json<T = JsonValue> = ColumnType<T, string, string>;
type NullableJson<T = JsonValue> = ColumnType<T | null, string | null | undefined, string | null>;
/** bigint identity, always given by the database. */
type Identity = ColumnType<number, never, never>;
/** timestamptz with a default of now(): an ISO instant in UTC. */
type Stamped = Generated<string>;

export interface AuditTrailTable {
  id: Identity;
  at: Stamped;
  process: string | null;
  actor: string;
  action: string;
  object: string;
  system: string | null;
  message: string;
  details: Json<Record<string, JsonValue>>;
  chain_no: number | null;
  prev_hash: string | null;
  hash: string | null;
  sealed_at: string | null;
}

export interface AuditHeadTable {
  only_row: Generated<boolean>;
  chain_no: number;
  hash: string;
  sealed_at: Stamped;
}

export interface AuditCheckpointTable {
  chain_no: number;
  hash: string;
  taken_at: Stamped;
  taken_by: string;
}

export type InboxState = 'received' | 'dispatched' | 'ignored' | 'quarantined' | 'failed';

export interface InboxTable {
  id: Identity;
  source: string;
  event_id: string;
  kind: string;
  business_key: string;
  version: string | null;
  occurred_at: string | null;
  received_at: Stamped;
  headers: Json<Record<string, string>>;
  raw_body: Buffer;
  content_hash: string;
  payload: NullableJson;
  state: InboxState;
  attempts: Generated<number>;
  next_attempt_at: string | null;
  lease_until: string | null;
  claimed_by: string | null;
  last_error: string | null;
  workflow_id: string | null;
  disposition: string | null;
  findings: Json<JsonValue[]>;
  conflict_of: number | null;
  settled_at: string | null;
}

export interface IdentityMapTable {
  id: Identity;
  object_type: string;
  canonical_id: string;
  system: string;
  external_id: string;
  url: string | null;
  process: string | null;
  linked_at: Stamped;
  retired_at: string | null;
  retired_because: string | null;
}

export type PostingState = 'intent' | 'in_doubt' | 'not_done' | 'done' | 'reversed' | 'abandoned';

export interface PostingLedgerTable {
  key: string;
  process: string;
  step: string;
  system: string;
  operation: string;
  object_type: string;
  canonical_id: string;
  request_hash: string;
  request: NullableJson;
  state: PostingState;
  opened_from: PostingState | null;
  request_changed: Generated<boolean>;
  attempts: Generated<number>;
  generation: Generated<number>;
  lease_until: string | null;
  external_id: string | null;
  existed: string | null;
  result: NullableJson;
  undo: NullableJson;
  error: NullableJson;
  reversals: Json<JsonValue[]>;
  created_at: Stamped;
  updated_at: Stamped;
  done_at: string | null;
}

export interface PostingObjectTable {
  system: string;
  object_type: string;
  canonical_id: string;
  key: string;
  lease_until: string;
}

export interface DocumentTable {
  ref: string;
  kind: string;
  schema_version: number;
  body: string;
  stored_at: Stamped;
}

export interface DecisionTable {
  id: Identity;
  digest: string;
  process: string;
  step: string;
  inputs_ref: string;
  config_hash: string;
  rule_version: string;
  outcome: Json;
  decided_at: Stamped;
}

export interface ConfigVersionTable {
  hash: string;
  document: Json;
  files: Json<Record<string, string>>;
  stored_at: Stamped;
}

export interface ConfigActivationTable {
  id: Identity;
  hash: string;
  previous: string | null;
  activated_by: string;
  activated_at: Stamped;
}

export interface WatermarkTable {
  name: string;
  value: string;
  advanced_at: Stamped;
}

export type DealState = 'seen' | 'running' | 'activated' | 'aborted' | 'failed';

export interface DealProcessTable {
  crm: string;
  opportunity_id: string;
  workflow_id: string | null;
  state: DealState;
  version_seen: string | null;
  version_applied: string | null;
  fingerprint_applied: string | null;
  plan_ref_applied: string | null;
  outcome: NullableJson;
  first_seen_at: Stamped;
  last_seen_at: Stamped;
  started_at: string | null;
  ended_at: string | null;
}

export interface ExceptionCaseTable {
  case_id: string;
  process: string;
  code: string;
  kind: string;
  severity: string;
  owner: string;
  subject: string;
  message: string;
  mend: string;
  findings: Json<JsonValue[]>;
  permitted_actions: Json<string[]>;
  context: Json<Record<string, JsonValue>>;
  systems: string[];
  waits_for_config: boolean;
  state: 'open' | 'resolved' | 'closed';
  opened_at: Stamped;
  due_at: string | null;
  escalations: Generated<number>;
  last_change: string | null;
  resolution: string | null;
  resolved_by: string | null;
  resolution_details: NullableJson;
  updated_at: Stamped;
  closed_at: string | null;
}

export interface NotificationTable {
  id: Identity;
  case_id: string;
  occasion: string;
  number: number;
  recipient: string;
  message: string;
  created_at: Stamped;
  sent_at: string | null;
  sent_via: string | null;
}

export interface TargetSlotTable {
  target: string;
  slot_no: number;
  holder: string;
  leased_until: string;
}

export interface TargetHolderTable {
  target: string;
  holder: string;
  present_until: string;
}

export interface TargetLimitTable {
  target: string;
  configured: number;
  allowed: number;
  refused_at: number;
  not_again_before: string;
  rises: number;
  refused_together: number;
  next_rise_at: string;
  lowered_at: string;
  refusals: number;
}

/** Read and written by target-rate.ts alone. */
export interface TargetRateTable {
  target: string;
  configured: number | null;
  allowed: number | null;
  tokens: number;
  filled_at: string;
  paused_until: string;
  refused_at: number | null;
  not_again_before: string;
  next_rise_at: string;
  lowered_at: string;
  refusals: number;
}

export interface TargetRateHolderTable {
  target: string;
  holder: string;
  present_until: string;
}

export interface Database {
  audit_trail: AuditTrailTable;
  audit_head: AuditHeadTable;
  audit_checkpoint: AuditCheckpointTable;
  inbox: InboxTable;
  identity_map: IdentityMapTable;
  posting_ledger: PostingLedgerTable;
  posting_object: PostingObjectTable;
  document: DocumentTable;
  decision: DecisionTable;
  config_version: ConfigVersionTable;
  config_activation: ConfigActivationTable;
  watermark: WatermarkTable;
  deal_process: DealProcessTable;
  exception_case: ExceptionCaseTable;
  notification: NotificationTable;
  target_slot: TargetSlotTable;
  target_holder: TargetHolderTable;
  target_limit: TargetLimitTable;
  target_rate: TargetRateTable;
  target_rate_holder: TargetRateHolderTable;
}
