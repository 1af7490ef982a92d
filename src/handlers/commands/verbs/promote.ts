import { laneOfBranch } from '../../../domain/jobs/lane.ts';
import { refusal } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import { promotionOf, type PromotionKind } from '../../../domain/promotion/promotion.ts';
import { answered, type CommandContext, type Prepared } from '../command-context.ts';
import { promote } from '../../promotion/promote.ts';

/** `/aic feature`, `/aic release` and `/aic hotfix`: in the lane of the workspace that the pipelines come from. */
export function preparePromotion(context: CommandContext, command: Command, kind: PromotionKind): Prepared {
  const { mapping, ports } = context;
  const { subject = '', pipelines, options, words } = command;
  const wish = { kind, name: subject, from: options.from, pipelines, all: words.has('all') };
  const promotion = promotionOf(mapping, wish);
  if (!promotion.ok) return answered(refusal(promotion.failure));
  const asked = { title: options.title, push: !words.has('no-push'), force: words.has('force') };
  return {
    lane: laneOfBranch(ports.settings, context, promotion.value.source),
    run: () => promote(context, promotion.value, asked),
  };
}
