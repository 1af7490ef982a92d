/** The events that can be switched on; the demo sends only the first three kinds and the last. */
export const hookFlags = [
  'push_events',
  'merge_requests_events',
  'note_events',
  'tag_push_events',
  'issues_events',
  'confidential_issues_events',
  'confidential_note_events',
  'pipeline_events',
  'wiki_page_events',
  'deployment_events',
  'feature_flag_events',
  'job_events',
  'releases_events',
  'emoji_events',
  'resource_access_token_events',
] as const;

export type HookFlag = (typeof hookFlags)[number];

export interface Hook {
  readonly id: number;
  readonly createdAt: Date;
  url: string;
  name: string | null;
  description: string | null;
  /** Sent in clear. */
  token: string | undefined;
  /** `whsec_` and 32 bytes in base64. */
  signingToken: string | undefined;
  readonly flags: Set<HookFlag>;
  sslVerification: boolean;
  pushBranchFilter: string;
  branchFilterStrategy: string;
  /** In a row; one success makes it 0. */
  failures: number;
  /** Until then nothing is sent, where failing hooks are disabled. */
  disabledUntil: Date | undefined;
  /** What was sent, oldest first. */
  readonly events: HookEvent[];
}

/** One try to deliver. A repeated one is an event of its own with the same key. */
export interface HookEvent {
  readonly id: number;
  readonly url: string;
  /** `push_hooks`, `merge_request_hooks`, `note_hooks`, `resource_access_token_hooks`. */
  readonly trigger: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly body: string;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string;
  /** A number, or `internal error` when no answer came. */
  readonly responseStatus: string;
  readonly seconds: number;
  readonly idempotencyKey: string;
}

/** After more failures than this in a row, a hook is off for a minute, then two, four and so on, up to a day. */
const failuresForPause = 3;
/** After so many it is off for good. */
const failuresForEnd = 40;
const dayMs = 24 * 60 * 60_000;

/** Counts what a delivery ended with, and switches the hook off when it failed too often in a row. */
export function countOutcome(hook: Hook, succeeded: boolean, now: Date): void {
  hook.failures = succeeded ? 0 : hook.failures + 1;
  const pauses = hook.failures - failuresForPause;
  const pauseMs = Math.min(60_000 * 2 ** (pauses - 1), dayMs);
  hook.disabledUntil = pauses > 0 ? new Date(now.getTime() + pauseMs) : undefined;
}

export function alertStatus(hook: Hook, now: Date): 'executable' | 'temporarily_disabled' | 'disabled' {
  if (hook.failures >= failuresForEnd) return 'disabled';
  return hook.disabledUntil !== undefined && hook.disabledUntil > now ? 'temporarily_disabled' : 'executable';
}

/** A hook as the answers show one: never its secrets. */
export function hookJson(hook: Hook, projectId: number, now: Date): object {
  return {
    id: hook.id,
    url: hook.url,
    name: hook.name,
    description: hook.description,
    created_at: hook.createdAt.toISOString(),
    project_id: projectId,
    ...Object.fromEntries(hookFlags.map((flag) => [flag, hook.flags.has(flag)])),
    repository_update_events: false,
    enable_ssl_verification: hook.sslVerification,
    alert_status: alertStatus(hook, now),
    disabled_until: hook.disabledUntil?.toISOString() ?? null,
    url_variables: [],
    custom_headers: [],
    custom_webhook_template: null,
    push_events_branch_filter: hook.pushBranchFilter,
    branch_filter_strategy: hook.branchFilterStrategy,
    token_present: hook.token !== undefined,
    signing_token_present: hook.signingToken !== undefined,
  };
}

export function hookEventJson(event: HookEvent): object {
  const headers = { ...event.requestHeaders };
  if ('X-Gitlab-Token' in headers) headers['X-Gitlab-Token'] = '[REDACTED]';
  return {
    id: event.id,
    url: event.url,
    trigger: event.trigger,
    request_headers: headers,
    request_data: JSON.parse(event.body) as unknown,
    response_headers: event.responseHeaders,
    response_body: event.responseBody,
    execution_duration: event.seconds,
    response_status: event.responseStatus,
  };
}
