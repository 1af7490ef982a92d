import type { Instance } from './instance.ts';
import { merge } from './merging.ts';
import { diffOf, isDraft } from './merge-request.ts';
import { approve, setState, updateMergeRequest } from './merge-request-changes.ts';
import type { Award, CommandChanges } from './note.ts';
import type { Noteable } from './noteable.ts';
import { accessLevel, accessLevels, type Project } from './project.ts';
import type { QuickAction } from './quick-actions.ts';
import type { User } from './users.ts';

/**
 * Runs the commands in the name of the user. Those that the demo does not know by more than their name only leave the
 * text. What came of it, as `commands_changes` shows it.
 */
export async function runQuickActions(
  instance: Instance,
  project: Project,
  noteable: Noteable,
  user: User,
  actions: readonly QuickAction[],
): Promise<CommandChanges> {
  const changes: Record<string, unknown> = {};
  for (const action of actions) {
    instance.quickActions.push({
      ...action,
      user,
      projectId: project.id,
      on: noteable.type,
      iid: noteable.iid,
    });
    if (accessLevel(project, user) < accessLevels.reporter) continue;
    Object.assign(changes, await runOne(instance, project, noteable, user, action));
  }
  return changes;
}

async function runOne(
  instance: Instance,
  project: Project,
  noteable: Noteable,
  user: User,
  { name, argument }: QuickAction,
): Promise<CommandChanges> {
  switch (name) {
    case 'close':
      return setState(instance, project, noteable, user, 'closed') ? { state_event: 'close' } : {};
    case 'reopen':
      return setState(instance, project, noteable, user, 'opened') ? { state_event: 'reopen' } : {};
    case 'title':
      return retitle(instance, project, noteable, user, argument);
    case 'draft':
      return noteable.type === 'Issue' || isDraft(noteable.title)
        ? {}
        : retitle(instance, project, noteable, user, `Draft: ${noteable.title}`);
    case 'ready':
      return noteable.type === 'Issue' || !isDraft(noteable.title)
        ? {}
        : retitle(instance, project, noteable, user, noteable.title.replace(/^[^:\])]*[:\])]\s*/, ''));
    case 'label':
    case 'labels':
      noteable.labels = [...new Set([...noteable.labels, ...labelsIn(argument)])];
      return { add_label_ids: labelsIn(argument) };
    case 'unlabel':
    case 'remove_label': {
      const gone = labelsIn(argument);
      noteable.labels = noteable.labels.filter((label) => gone.length > 0 && !gone.includes(label));
      return { remove_label_ids: gone };
    }
    case 'assign':
      noteable.assignees = usersIn(instance, user, argument);
      return { assignee_ids: noteable.assignees.map(({ id }) => id) };
    case 'unassign':
      noteable.assignees = [];
      return { assignee_ids: [] };
    case 'award':
    case 'react':
      toggleAward(instance, noteable.awards, user, argument.replaceAll(':', ''));
      return { emoji_award: argument.replaceAll(':', '') };
    default:
      return noteable.type === 'MergeRequest'
        ? runOnMergeRequest(instance, project, noteable, user, { name, argument })
        : {};
  }
}

async function runOnMergeRequest(
  instance: Instance,
  project: Project,
  mergeRequest: Extract<Noteable, { type: 'MergeRequest' }>,
  user: User,
  { name, argument }: QuickAction,
): Promise<CommandChanges> {
  switch (name) {
    case 'merge': {
      const outcome = await merge(instance, project, mergeRequest, user, {});
      return outcome.kind === 'merged' ? { merge: diffOf(mergeRequest).head } : {};
    }
    case 'approve':
      approve(instance, project, mergeRequest, user, 'approved');
      return { approve: true };
    case 'unapprove':
      approve(instance, project, mergeRequest, user, 'unapproved');
      return { approve: false };
    case 'target_branch':
      if ((await project.repository.head(argument)) === undefined) return {};
      await updateMergeRequest(instance, project, mergeRequest, user, { targetBranch: argument });
      return { target_branch: argument };
    default:
      return {};
  }
}

async function retitle(
  instance: Instance,
  project: Project,
  noteable: Noteable,
  user: User,
  title: string,
): Promise<CommandChanges> {
  if (title === '') return {};
  if (noteable.type === 'Issue') noteable.title = title;
  else await updateMergeRequest(instance, project, noteable, user, { title });
  return { title };
}

function labelsIn(argument: string): string[] {
  return [...argument.matchAll(/~"([^"]+)"|~?([^\s~"]+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

function usersIn(instance: Instance, self: User, argument: string): User[] {
  return argument.split(/[\s,]+/).flatMap((word) => {
    const user = word === 'me' ? self : instance.users.byName(word.replace('@', ''));
    return user === undefined ? [] : [user];
  });
}

function toggleAward(instance: Instance, awards: Award[], user: User, name: string): void {
  const at = awards.findIndex((award) => award.name === name && award.user === user);
  if (at >= 0) awards.splice(at, 1);
  else awards.push({ id: instance.nextId(), name, user, createdAt: instance.now() });
}
