import canonicalize from 'canonicalize';

import type { Fingerprint } from '../pipeline/fingerprint.ts';
import type { ProjectId, UserId } from '../shared/ids.ts';
import { sha256Hex } from '../shared/sha256.ts';

/**
 * What an entry of the audit log is about.
 * - `command`: one that was carried out, or tried
 * - `refusal`: something that was asked for, or merged, and not begun
 * - `deployment`: what became of its pipelines
 * - `override`: a change made by hand in AIC that was overwritten by right
 * - `push`: what a workspace held, written to its branch
 * - `direct-push`: a change that nobody reviewed, told of instead of deployed
 * - `promotion`: a feature, release or hotfix whose merge request is open
 * - `back-merge`: the merge requests that bring a hotfix to the other branches
 * - `drift`: a change that somebody made by hand in AIC, as it was found
 */
export type AuditKind =
  | 'command'
  | 'refusal'
  | 'deployment'
  | 'override'
  | 'push'
  | 'direct-push'
  | 'promotion'
  | 'back-merge'
  | 'drift';

/** Somebody in GitLab, or an operator, who has no id. */
export interface Actor {
  readonly id: UserId | undefined;
  readonly name: string | undefined;
}

/** What was done to one pipeline. */
export interface AuditItem {
  readonly pipeline: string;
  /** What the workspace held, and holds; for a push the same of what was last recorded. Undefined where there was nothing, or it is not known. */
  readonly before: Fingerprint | undefined;
  readonly after: Fingerprint | undefined;
  readonly result: string;
}

/** Who did what, where and why, and what became of it. */
export interface AuditEntry {
  /** One entry for each key, however often it is written; undefined where the transaction alone sees to that. */
  readonly key: string | undefined;
  readonly kind: AuditKind;
  readonly project: ProjectId;
  readonly who: readonly Actor[];
  readonly what: string;
  readonly where: string;
  /** What somebody gave as the reason. */
  readonly reason: string | undefined;
  readonly result: string;
  readonly items: readonly AuditItem[];
  /** The deliveries that led to it. */
  readonly deliveries: readonly string[];
}

/** A row of the log. */
export interface AuditRow {
  readonly id: number;
  /** When it was written, in milliseconds since 1970: the entry has it, too. By this one rows are looked up. */
  readonly at: number;
  /** The entry and its moment, as canonical JSON (RFC 8785). */
  readonly entry: string;
  /** The hash of the row before. */
  readonly previous: string;
  /** SHA-256 over `previous`, a line break and `entry`, as hex. */
  readonly hash: string;
}

/** What stands for the row before the first one. */
export const noHash = '0'.repeat(64);

/**
 * The entry as it is kept and hashed. Texts are cut to what a person reads, and made well-formed.
 * @param at milliseconds since 1970
 */
export function auditText(entry: AuditEntry, at: number): string {
  const { key: _, ...facts } = entry;
  return canonicalize({ at: new Date(at).toISOString(), ...tidiedFields(facts) }) ?? '';
}

/** The hash of a row. */
export function auditHash(previous: string, entry: string): Promise<string> {
  return sha256Hex(`${previous}\n${entry}`);
}

/** Whether a log is what was written. A row that was cut off at its end leaves no trace in it: keep the last hash elsewhere. */
export type Verified =
  | { readonly kind: 'whole'; readonly rows: number; readonly last: string; readonly expected: boolean }
  | { readonly kind: 'broken'; readonly id: number; readonly why: 'changed' | 'not after the row before' };

/**
 * Looks through the rows in their order, up to the first one that is not as it was written.
 * @param expected a hash that was kept elsewhere; `expected` in the answer tells whether a row has it
 */
export async function verifyAudit(
  rows: Iterable<AuditRow> | AsyncIterable<AuditRow>,
  expected?: string,
): Promise<Verified> {
  let last = noHash;
  let count = 0;
  let isThere = expected === undefined;
  for await (const { id, at, entry, previous, hash } of rows) {
    if (previous !== last) return { kind: 'broken', id, why: 'not after the row before' };
    if ((await auditHash(previous, entry)) !== hash || momentOf(entry) !== at)
      return { kind: 'broken', id, why: 'changed' };
    last = hash;
    count += 1;
    isThere ||= hash === expected;
  }
  return { kind: 'whole', rows: count, last, expected: isThere };
}

/** Canonical JSON begins with it: names are sorted. */
function momentOf(entry: string): number {
  return Date.parse(/^\{"at":"([^"]+)"/.exec(entry)?.[1] ?? '');
}

const longest = 1_000;

function tidied(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, longest).toWellFormed();
  if (Array.isArray(value)) return value.map(tidied);
  return typeof value === 'object' && value !== null ? tidiedFields(value) : value;
}

function tidiedFields(value: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => (each === undefined ? [] : [[name, tidied(each)]])),
  );
}
