import { blobIdOf, type BlobId } from '../../domain/pipeline/blob-id.ts';
import type { CommitSha, ProjectId } from '../../domain/shared/ids.ts';
import { maxConfigBytes } from '../../domain/pipeline/config.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import { allOk, fail, ok, type Result } from '../../domain/shared/result.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** Reading drops this mark at the beginning of a file, which Windows editors write. */
const byteOrderMark = '\uFEFF';

/**
 * The texts of files at a commit, by path, exactly as they are: each has the blob id that is wanted of it. Fails with the first file that
 * can't be read whole.
 */
export async function readTexts(
  { gitlab }: Pick<BranchPorts, 'gitlab'>,
  projectId: ProjectId,
  at: CommitSha,
  wanted: ReadonlyMap<string, BlobId>,
): Promise<Result<ReadonlyMap<string, string>, Reason>> {
  const texts = await allOk(
    [...wanted].map(async ([path, blob]): Promise<Result<readonly [string, string], Reason>> => {
      const file = asReason(await gitlab.file(projectId, path, at, { mostBytes: maxConfigBytes }));
      if (!file.ok) return file;
      if (file.value.kind === 'too-large') {
        return fail({ kind: 'large-config', path, mostBytes: file.value.mostBytes });
      }
      const text = file.value.kind === 'text' ? file.value.text : '';
      for (const whole of [text, byteOrderMark + text]) {
        if ((await blobIdOf(whole, blob)) === blob) return ok([path, whole]);
      }
      return fail({ kind: 'not-text', path });
    }),
  );
  return texts.ok ? ok(new Map(texts.value)) : texts;
}
