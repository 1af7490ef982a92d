import type { User } from './users.ts';

/** A line of a text that GitLab takes for an order. */
export interface QuickAction {
  /** In small letters, without the slash. */
  readonly name: string;
  readonly argument: string;
}

/** A command that GitLab took out of a text. */
export interface RanQuickAction extends QuickAction {
  readonly user: User;
  readonly projectId: number;
  /** `MergeRequest`, `Issue` or `Commit`. */
  readonly on: string;
  /** Undefined for a commit. */
  readonly iid: number | undefined;
}

/** The names that GitLab knows for merge requests, issues and commits, from its documentation of quick actions. */
const names = `
  add_child add_contacts add_email approve assign assign_reviewer award blocked_by blocks board_move child_of
  clear_health_status clear_weight clone close confidential convert_to_ticket copy_metadata create_merge_request cc
  done draft due duplicate epic estimate estimate_time health_status invite_email iteration label labels link lock
  merge milestone move move_to page parent promote promote_to promote_to_incident publish react ready reassign
  reassign_reviewer rebase relabel relate remove_child remove_child_epic remove_contacts remove_due_date remove_email
  remove_epic remove_estimate remove_iteration remove_label remove_milestone remove_parent remove_parent_epic
  remove_reviewer remove_time_spent remove_zoom reopen request_changes request_review restore reviewer run_pipeline
  set_parent severity ship shrug spend spend_time spent status submit_review subscribe tableflip tag target_branch
  time_estimate timeline title todo type unapprove unassign unassign_reviewer unblock unlabel unlink unlock unpublish
  unsubscribe weight wip zoom`
  .trim()
  .split(/\s+/);

/**
 * What GitLab's own pattern finds: fenced code, inline code over lines, HTML blocks and `>>>` quotes are passed over;
 * elsewhere a command stands at the very start of a line, and its whole line belongs to it.
 */
const pattern = new RegExp(
  [
    '^```.+?\\n```$',
    '^.*`\\n*.+?\\n*`$',
    '^<[^>]+?>\\n.+?\\n<\\/[^>]+?>$',
    '^>>>.+?\\n>>>$',
    `^\\/(?<name>${names.join('|')})(?: (?<argument>[^\\n]*))?(?:\\s*\\n|$)`,
  ].join('|'),
  'gims',
);

/** The text without its commands, and the commands in their order. */
export function extractQuickActions(text: string): {
  readonly text: string;
  readonly actions: QuickAction[];
} {
  const actions: QuickAction[] = [];
  const rest = text.replaceAll('\r', '').replaceAll(pattern, (whole: string, ...found: unknown[]) => {
    const groups = found.at(-1);
    if (typeof groups !== 'object' || groups === null || !('name' in groups)) return whole;
    if (typeof groups.name !== 'string') return whole;
    const argument =
      'argument' in groups && typeof groups.argument === 'string' ? groups.argument.trim() : '';
    actions.push({ name: groups.name.toLowerCase(), argument });
    return '';
  });
  return { text: rest.trimEnd(), actions };
}
