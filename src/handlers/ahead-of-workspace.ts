import { configPath, isConfigPath } from '../domain/config-path.ts';
import { fingerprintOf } from '../domain/fingerprint.ts';
import { maxConfigBytes, parseConfig } from '../domain/pipeline-config.ts';
import { pipelineFilesIn } from '../domain/pipeline-files.ts';
import type { Promotion } from '../domain/promotion.ts';
import type { Reason } from '../domain/reason.ts';
import { fail, ok, type Result } from '../domain/result.ts';
import { withVariables } from '../domain/workspace-variables.ts';
import type { CommandContext } from './command-context.ts';
import { keyOfWorkspace } from './workspace-key.ts';

/**
 * The chosen pipelines of which the branch holds something that its workspace never had: what was merged and could not be deployed yet, or
 * was pushed without a merge request. Known only of pipelines that were deployed or pushed before.
 */
export async function aheadOfWorkspace(
  { ports, project }: CommandContext,
  { target, workspace, pipelines }: Promotion,
): Promise<Result<readonly string[], Reason>> {
  const { gitlab, store } = ports;
  const head = await gitlab.head(project.id, target);
  if (!head.ok) return fail({ kind: 'upstream', failure: head.failure });
  if (head.value === undefined) return fail({ kind: 'no-branch', branch: target });
  const tree = await gitlab.files(project.id, head.value, ['config']);
  if (!tree.ok) return fail({ kind: 'upstream', failure: tree.failure });
  const files = pipelineFilesIn(tree.value);
  const recorded = await store.baselines(keyOfWorkspace(ports, project.id, workspace), pipelines);
  const ahead: string[] = [];
  for (const [pipeline, { fingerprint }] of recorded) {
    const path = files.get(pipeline)?.find(isConfigPath) ?? configPath(pipeline);
    const file = await gitlab.file(project.id, path, head.value, { mostBytes: maxConfigBytes });
    if (!file.ok) return fail({ kind: 'upstream', failure: file.failure });
    const content = file.value.kind === 'text' ? parseConfig(file.value.text) : undefined;
    if (content?.ok !== true) continue;
    const variants = [content.value, withVariables(content.value, workspace.variables)];
    const known = await Promise.all(variants.map((one) => fingerprintOf(one)));
    if (!known.includes(fingerprint)) ahead.push(pipeline);
  }
  return ok(ahead);
}
