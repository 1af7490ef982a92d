import type { MappingProblem } from './decide-deployment.ts';
import type { CommitSha } from '../shared/ids.ts';
import type { Head } from '../gitlab/missed-events.ts';
import { lookup, type Mapping } from '../mapping/mapping.ts';
import type { Result } from '../shared/result.ts';
import type { BranchState } from '../store/state.ts';

/** What a sweep compares: how the branches of a project are, and what is known of them. */
export interface SweepView {
  readonly mapping: Result<Mapping, MappingProblem>;
  readonly heads: readonly Head[];
  /** The branches that were deployed, pushed or looked at. */
  readonly states: ReadonlyMap<string, BranchState>;
  /** The heads for which a job was added already, under the same mapping. */
  readonly asked: ReadonlyMap<string, CommitSha>;
}

/** A branch to look at. */
export interface Behind extends Head {
  /** Whether the branch has moved since the bot looked at it last; false for one that it has never looked at. */
  readonly hasMoved: boolean;
}

/**
 * The branches whose heads are not their last deployed commits. One that was looked at without being deployed, such as after a push past
 * review, is looked at again only once it moves or the mapping may have changed. While there is no valid mapping, only branches that are
 * known count: changes on them are told of and held.
 */
export function branchesBehind({ mapping, heads, states, asked }: SweepView): readonly Behind[] {
  return heads.flatMap((head) => {
    const state = states.get(head.branch);
    const isMapped = mapping.ok ? isAutomatic(mapping.value, head.branch) : state !== undefined;
    if (!isMapped || state?.deployed === head.commit || asked.get(head.branch) === head.commit) return [];
    return [{ ...head, hasMoved: state !== undefined && state.reported !== head.commit }];
  });
}

function isAutomatic(mapping: Mapping, branch: string): boolean {
  const found = lookup(mapping, branch);
  return found.rule !== 'none' && found.automatic;
}

/** GitLab passes the pattern on in the address. */
const longestPattern = 1_500;

/**
 * A regular expression of RE2 that fits the names of all branches of the mapping and of the others that are given; undefined where it would be too
 * long.
 */
export function branchPattern(mapping: Mapping | undefined, others: Iterable<string>): string | undefined {
  const exact = new Set([...(mapping?.exact.keys() ?? []), ...others]);
  const prefixes = [...(mapping?.prefixes.keys() ?? [])].map((key) => `${escaped(key.slice(0, -1))}.+`);
  const pattern = `^(?:${[...[...exact].map(escaped), ...prefixes].join('|')})$`;
  return exact.size + prefixes.length === 0 || pattern.length > longestPattern ? undefined : pattern;
}

function escaped(name: string): string {
  return name.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}
