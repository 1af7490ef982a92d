import { names, words, type Phrase } from '../report/phrase.ts';
import { explain, type Reason } from '../report/reason.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

/** What to do about a command that failed for a reason. Nobody repeats a command but its author. */
export function remedyFor(reason: Reason): Phrase {
  if (reason.kind === 'upstream') return remedyForUpstream(reason.failure);
  if (reason.kind === 'ambiguous-title') {
    return words('Rename or remove all but one of them in AIC, then write the command again.');
  }
  if (reason.kind === 'strange-live-config') {
    return words('Open the pipeline in AIC and save it again, then write the command again.');
  }
  return explain(reason).remedy;
}

function remedyForUpstream(failure: UpstreamFailure): Phrase {
  const { reason, system } = failure;
  switch (reason) {
    case 'passing':
    case 'stopped':
      return words('Write the command again in some minutes.');
    case 'missing':
      return words(
        `Check that it still exists in ${system} and that the bot may see it; then write the command again.`,
      );
    case 'conflict':
      return words(`Look in ${system} whether somebody else is changing it; then write the command again.`);
    case 'denied':
    case 'refused':
      if (system === 'GitLab') {
        return words(
          "Check that the bot's GitLab token is valid, and that the branch's protection and push rules let the bot commit; then write the command again.",
        );
      }
      return words(
        reason === 'denied'
          ? "Check that the bot's AIC key is valid and may do this in the workspace; then write the command again."
          : 'Mend in AIC what the answer tells; then write the command again.',
      );
    case 'too-large':
      return explain({ kind: 'upstream', failure }).remedy;
  }
}

/** What to do about the pipelines that a command could not deal with: one line for all that need the same. */
export function remediesFor(
  failed: readonly { readonly pipeline: string; readonly reason: Reason }[],
): readonly Phrase[] {
  const groups = new Map<string, { readonly remedy: Phrase; readonly pipelines: string[] }>();
  for (const { pipeline, reason } of failed) {
    const remedy = remedyFor(reason);
    const key = JSON.stringify(remedy);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { remedy, pipelines: [pipeline] });
    else group.pipelines.push(pipeline);
  }
  return [...groups.values()].map(({ remedy, pipelines }) => [...names(pipelines, 5), ': ', ...remedy]);
}
