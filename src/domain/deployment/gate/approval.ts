import type { UserId } from '../../shared/ids.ts';

/** Somebody's approval that stands. */
export interface Approval {
  readonly by: Approver;
  /** Milliseconds since 1970, by GitLab's clock; undefined where GitLab does not tell. */
  readonly at: number | undefined;
}

export interface Approver {
  readonly id: UserId;
  readonly username: string;
  readonly name: string;
  readonly email: string | undefined;
  /** Whether they may do now what a developer of the project may. */
  readonly isDeveloper: boolean;
  /** Whether they may make access tokens of the project. */
  readonly isMaintainer: boolean;
}

/**
 * Whether an account is that of an access token or a service, or may be: whoever made it may stand behind what it does. What a revoked token did, GitLab gives to
 * its ghost user.
 */
export function isTokenAccount(username: string | undefined): boolean {
  return username === undefined || /^(?:(?:project|group)_\d+_bot|service_account_|ghost\d*$)/.test(username);
}

/** Whoever asked the bot for a merge request. An operator need not have an account in GitLab. */
export interface RequestAsker {
  readonly id: UserId | undefined;
  readonly username: string;
}

/** What GitLab knows of the approvals of a merge request. */
export interface ApprovalFacts {
  readonly author: UserId | undefined;
  /** The account that the bot's token belongs to. */
  readonly bot: UserId;
  /** GitLab's own word on the project's rules; undefined where it gives none. */
  readonly isApproved: boolean | undefined;
  readonly approvals: readonly Approval[];
  /** How many approvals GitLab's rules want; GitLab counts those of the makers too. */
  readonly required: number;
  /**
   * When the last commit came, or the target branch last changed, by GitLab's clock. The dates of commits can be made up. Where the project is set to remove approvals when commits are added,
   * commits that leave the difference as it was do not count: GitLab keeps approvals then. That the setting is on does not say that it was on when they came.
   */
  readonly contentSince: number | undefined;
  /** Who pushed commits, as GitLab saw them: nobody can pretend to be another. Undefined where GitLab does not show the pushes, as of a fork that is gone. */
  readonly pushers: readonly UserId[] | undefined;
  /** Whether an access token that is not the bot's opened it, or pushed commits: who stands behind that is not known. */
  readonly isByToken: boolean;
  /** Whom the commits name as their authors and committers. Everybody can write anything there, so it only ever takes away. */
  readonly named: readonly { readonly name: string; readonly email: string }[];
  /** The usernames for whom the bot made commits, by their messages. */
  readonly orderedBy: readonly string[];
}

/** Why an approval does not count. */
export type Discount =
  | 'bot'
  | 'author'
  | 'asker'
  | 'unknown-asker'
  | 'no-developer'
  | 'pushed'
  | 'unknown-pushers'
  | 'in-commits'
  | 'earlier'
  | 'unknown-time'
  | 'token'
  | 'behind-token';

export interface Discounted {
  readonly username: string;
  readonly why: Discount;
}

/** The approvals that count, and why the others do not. Whatever can't be determined counts against an approval. */
export function judgeApprovals(
  facts: ApprovalFacts,
  askers: readonly RequestAsker[],
): { readonly isApproved: boolean; readonly discounted: readonly Discounted[] } {
  const judged = facts.approvals.map(({ by, at }) => ({ by, why: discountOf(facts, askers, by, at) }));
  const counted = new Set(judged.flatMap(({ by, why }) => (why === undefined ? by.id : [])));
  const isByToken =
    facts.isByToken || [...askers.map(({ username }) => username), ...facts.orderedBy].some(isTokenAccount);
  const isAlone = isByToken && counted.size === 1;
  const discounted = judged.flatMap(({ by, why }): readonly Discounted[] => {
    const reason = why ?? (isAlone && by.isMaintainer ? 'behind-token' : undefined);
    return reason === undefined ? [] : [{ username: by.username, why: reason }];
  });
  const many = facts.approvals.length - discounted.length;
  return { isApproved: many >= Math.max(1, facts.required) && facts.isApproved !== false, discounted };
}

function discountOf(
  facts: ApprovalFacts,
  askers: readonly RequestAsker[],
  by: Approver,
  at: number | undefined,
): Discount | undefined {
  if (by.id === facts.bot) return 'bot';
  if (isTokenAccount(by.username)) return 'token';
  if (facts.author === undefined || by.id === facts.author) return 'author';
  if (askers.some((asker) => isAsker(asker, by)) || facts.orderedBy.includes(by.username)) return 'asker';
  if (facts.author === facts.bot && askers.length === 0) return 'unknown-asker';
  if (!by.isDeveloper) return 'no-developer';
  if (facts.pushers === undefined) return 'unknown-pushers';
  if (facts.pushers.includes(by.id)) return 'pushed';
  if (facts.named.some((one) => isNamed(one, by))) return 'in-commits';
  if (at === undefined || facts.contentSince === undefined) return 'unknown-time';
  return at > facts.contentSince ? undefined : 'earlier';
}

function isAsker(asker: RequestAsker, { id, username }: Approver): boolean {
  return asker.id === undefined ? asker.username === username : asker.id === id;
}

/** GitLab's addresses that hide a person's own: `12-rita@users.noreply.gitlab.example`. */
const hidden = /^(\d+)-[^@]*@users\.noreply\./;

function isNamed({ name, email }: ApprovalFacts['named'][number], by: Approver): boolean {
  const address = same(email);
  const [, id] = hidden.exec(address) ?? [];
  if (id !== undefined) return Number(id) === by.id;
  if (by.email !== undefined && address === same(by.email)) return true;
  const called = [by.name, by.username].map(same);
  return called.includes(same(name)) || address.startsWith(`${same(by.username)}@`);
}

function same(text: string): string {
  return text.normalize('NFC').trim().toLowerCase();
}
