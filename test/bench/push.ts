import { latencyMs } from './deploy.ts';
import { libraryPushes } from './library.ts';
import { fixed, median, whole, type Finding } from './table.ts';
import { aicProject, content, namesOf, startTeam, workspace, type Worked } from './team.ts';

const pipelines = 1_000;
/** The library makes each call after the one before: so many pipelines tell how long all take. */
const sample = 25;

/** `/aic push` of a workspace, of which nothing, a little or everything changed, beside the library's sequence of calls. */
export async function pushBench(): Promise<Finding> {
  const names = namesOf(pipelines);
  const team = await startTeam(names, { inGit: false });
  try {
    const { aic } = team.world;
    let version = 1;
    const push = async (changed: number) => {
      version += 1;
      for (const name of names.slice(0, changed))
        aic.putPipeline(aicProject, workspace, name, content(version));
      return team.command('/aic push branch=develop', latencyMs);
    };
    await push(pipelines);
    const worked = new Map<number, Worked[]>([
      [0, []],
      [5, []],
      [pipelines, []],
    ]);
    for (let round = 0; round < 5; round += 1)
      for (const [changed, all] of worked)
        if (changed < pipelines || round < 2) all.push(await push(changed));
    const library = await libraryPushes(team, names.slice(0, sample), latencyMs);
    const reading = await libraryPushes(team, [], latencyMs);
    const libraryMs = reading.ms + ((library.ms - reading.ms) * pipelines) / sample;
    const libraryWrites = (library.writing * pipelines) / sample;
    const writes = (changed: number) => median((worked.get(changed) ?? []).map(({ writing }) => writing));
    const times = libraryWrites / Math.max(1, writes(pipelines));
    return {
      title: `Push: a workspace of ${whole(pipelines)} pipelines to Git, each answer ${latencyMs} ms later`,
      rows: [
        ...[...worked].map(([changed, all]) => ({
          '': `aic-bot, ${whole(changed)} changed`,
          'time (s)': fixed(median(all.map(({ ms }) => ms)) / 1_000, 2),
          'calls to GitLab': whole(median(all.map(({ gitlab }) => gitlab))),
          'calls to AIC': whole(median(all.map(({ aic: calls }) => calls))),
          'writing calls': whole(writes(changed)),
        })),
        {
          '': `library, whatever changed (from ${sample} pipelines)`,
          'time (s)': fixed(libraryMs / 1_000, 0),
          'calls to GitLab': whole(reading.gitlab + ((library.gitlab - reading.gitlab) * pipelines) / sample),
          'calls to AIC': whole(library.aic),
          'writing calls': whole(libraryWrites),
        },
      ],
      goals: [
        { text: `no writing call where nothing changed: ${writes(0)}`, isReached: writes(0) === 0 },
        {
          text: `at least 50 × fewer writing calls where all changed: ${whole(times)} ×`,
          isReached: times >= 50,
        },
      ],
    };
  } finally {
    await team.close();
  }
}
