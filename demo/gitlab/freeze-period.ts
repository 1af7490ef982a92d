/** A part of the time in which a project does not deploy: from each moment that fits the first cron line to the next that fits the second. */
export interface FreezePeriod {
  readonly id: number;
  start: string;
  end: string;
  zone: string;
  readonly createdAt: Date;
  updatedAt: Date;
}

export function freezePeriodJson({ id, start, end, zone, createdAt, updatedAt }: FreezePeriod): object {
  return {
    id,
    freeze_start: start,
    freeze_end: end,
    cron_timezone: zone,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}
