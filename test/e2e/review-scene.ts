import { aicProject, mapping, type Scene } from './scene.ts';

/** A mapping whose develop needs an approval. */
export const required = `${mapping}workspaces:\n  PIN QA: { require: [approved] }\n`;

const hourMs = 60 * 60_000;

/** Whether the comment says that a merge waits. */
export function isGate(body: string): boolean {
  return body.includes('aic-bot:gate') && body.includes('not deployed');
}

/** The pipelines of develop's workspace. */
export function live({ world }: Scene): readonly string[] {
  return [...world.aic.pipelines(aicProject, 'PIN QA')].toSorted();
}

/** Moves the clock until all is done that is due within an hour. */
export async function hourLater(scene: Scene): Promise<void> {
  await scene.settle();
  await scene.advance(hourMs);
  await scene.settle();
}
