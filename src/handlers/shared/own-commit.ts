import { isEmbedding, trailerIn } from '../../domain/gitlab/commit-message.ts';
import type { CommitSha } from '../../domain/shared/ids.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import { ok, type Result } from '../../domain/shared/result.ts';
import type { BranchKey } from '../../domain/store/state.ts';
import type { BranchPorts } from './ports.ts';

/** One of the bot's commits. */
interface Own {
  readonly request: string;
  readonly onto: CommitSha;
  /** Whether it brought edited code into configs. */
  readonly isEmbedding: boolean;
}

type OwnCommitPorts = Pick<BranchPorts, 'gitlab' | 'store'>;

/**
 * The bot's commit of a message that says so, if it was noted for the branch before it was made. Once a commit stands, everybody can copy its trailer: then it
 * lies on top of something else, as does one that somebody else's commit got in front of.
 */
export async function ownCommit(
  { gitlab, store }: OwnCommitPorts,
  { projectId, branch }: BranchKey,
  commit: CommitSha,
): Promise<Result<Own | undefined, Reason>> {
  const message = asReason(await gitlab.messageOf(projectId, commit));
  if (!message.ok) return message;
  const text = message.value ?? '';
  const trailer = trailerIn(text);
  const noted = trailer === undefined ? undefined : await store.notedCommit(trailer);
  if (noted?.on.projectId !== projectId || noted.on.branch !== branch) return ok(undefined);
  const parent = asReason(await gitlab.firstParent(projectId, commit));
  if (!parent.ok) return parent;
  const { request, onto } = noted;
  return ok(parent.value === onto ? { request, onto, isEmbedding: isEmbedding(text) } : undefined);
}

/** What the bot's commit for the request was made on top of; undefined where the commit is none. */
export async function madeOnto(
  ports: OwnCommitPorts,
  key: BranchKey,
  { commit, request }: { readonly commit: CommitSha; readonly request: string },
): Promise<Result<CommitSha | undefined, Reason>> {
  const own = await ownCommit(ports, key, commit);
  if (!own.ok) return own;
  return ok(own.value?.request === request ? own.value.onto : undefined);
}
