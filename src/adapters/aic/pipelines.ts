import { z } from 'zod';

import type { Pipelines } from '../../domain/aic/aic.ts';
import type { PipelineId } from '../../domain/shared/ids.ts';
import type { Json } from '../../domain/shared/json.ts';
import { contentOf, type Content } from '../../domain/pipeline/config.ts';
import { fail, ok } from '../../domain/shared/result.ts';
import type { Calls } from './calls.ts';

const jobs = z.object({ jobs: z.array(z.object({ $id: z.string(), title: z.string().nullish() })) });
const created = z.object({ jobId: z.string().transform((id) => id as PipelineId) });
const job = z.object({ jobConfig: z.unknown() });

/**
 * The pipelines of the workspace at the path, which AIC calls jobs.
 *
 * Creating is repeated like everything else: AIC answers 409 to a title that exists, so a create whose answer was lost shows
 * itself as a conflict, never as a second pipeline.
 */
export function pipelinesAt(calls: Calls, path: string, forgetNames: () => void): Pipelines {
  const at = (id: PipelineId) => `${path}/jobs/${encodeURIComponent(id)}`;
  return {
    pipelines: async () => {
      const listed = await calls.ask({ method: 'GET', path: `${path}/jobs` }, (body) =>
        jobs
          .parse(body)
          .jobs.flatMap(({ $id, title }) =>
            title === null || title === undefined || title === '' ? [] : [{ id: $id as PipelineId, title }],
          ),
      );
      if (!listed.ok && listed.failure.reason === 'missing') forgetNames();
      return listed;
    },
    read: async (id) => {
      const request = { method: 'GET', path: at(id) } as const;
      const shown = await calls.ask(request, (body) => job.parse(body).jobConfig as Json);
      if (!shown.ok) return fail({ kind: 'upstream', failure: shown.failure });
      const content = contentOf(shown.value);
      return content.ok ? content : fail({ kind: 'strange-live-config', problem: content.failure.problem });
    },
    create: async (title, content) => {
      const request = { method: 'POST', path: `${path}/jobs`, content: payload(title, content) } as const;
      const made = await calls.ask(request, (body) => created.parse(body));
      return made.ok ? ok(made.value.jobId) : made;
    },
    update: (id, title, content) => {
      const request = { method: 'PUT', path: at(id), content: payload(title, content) } as const;
      return calls.ask(request, () => undefined);
    },
  };
}

function payload(title: string, content: Content): Json {
  return { title, ...content };
}
