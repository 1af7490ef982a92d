/** A pipeline's content, as the demo's team keeps it. */
export interface DemoContent {
  readonly variables: readonly Readonly<Record<string, unknown>>[];
  readonly sourceStage: Readonly<Record<string, unknown>>;
  readonly stages: readonly Readonly<Record<string, unknown>>[];
  readonly sinkStage: Readonly<Record<string, unknown>>;
}

const dailySalesSql = `select
  dealer_id,
  sale_date,
  count(*) as units,
  sum(sale_price) as revenue
from \${sales.transactions}
where sale_date >= date_sub(current_date(), interval 1 day)
group by dealer_id, sale_date`;

const modelScore = `from pyspark.sql import functions as F

frame = spark.sql("""
  select vin, mileage, model_year
  from \${fleet.vehicles}
  where mileage is not null
""")
scored = frame.withColumn("age", F.year(F.current_date()) - F.col("model_year"))
scored.createOrReplaceTempView("scored_vehicles")
`;

function stage(
  id: string,
  description: string,
  tasks: readonly unknown[],
): Readonly<Record<string, unknown>> {
  return { stageId: id, description, runType: 'SEQUENTIAL', tasks };
}

function sql(id: string, description: string, query: string): Readonly<Record<string, unknown>> {
  return { id, type: 'SQL', description, config: { query } };
}

function pyspark(id: string, description: string, script: string): Readonly<Record<string, unknown>> {
  return { id, type: 'PYSPARK', description, config: { script } };
}

function pipeline(stages: DemoContent['stages'], sink: string): DemoContent {
  return {
    variables: [
      { id: 'QA', value: 'True' },
      { id: 'run_date', value: '' },
    ],
    sourceStage: stage('source', 'Read', [{ id: 'in', type: 'DATASET', description: 'Input', config: {} }]),
    stages,
    sinkStage: stage('sink', 'Write', [
      { id: 'out', type: 'DATASET', description: 'Output', config: { dataset: sink } },
    ]),
  };
}

function dailySales(query: string): DemoContent {
  return pipeline([stage('s1', 'Aggregate', [sql('agg', 'Yesterday by dealer', query)])], 'sales_daily');
}

function vehicleScores(script: string): DemoContent {
  const tasks = [pyspark('score', 'Score vehicles', script)];
  const group = { id: 'group', type: 'GROUP', description: 'Scoring', config: {}, tasks };
  const rank = 'select *, rank() over (order by age) as place from scored_vehicles';
  return pipeline(
    [stage('s1', 'Prepare', [group]), stage('s2', 'Rank', [sql('rank', 'Best first', rank)])],
    'vehicle_scores',
  );
}

const stock = 'select dealer_id, count(*) as stock from ${fleet.stock} group by dealer_id';
const claims = 'select c.*, v.model from ${claims.raw} c join ${fleet.vehicles} v using (vin)';
const funnel = 'select step, count(*) as leads from ${crm.leads} group by step';

/** What the team's workspaces and branches hold at the beginning. */
export const pipelinesBefore: Readonly<Record<string, DemoContent>> = {
  'Daily Sales': dailySales(dailySalesSql),
  'Vehicle Scores': vehicleScores(modelScore),
  'Dealer Inventory': pipeline(
    [stage('s1', 'Count', [sql('stock', 'Stock by dealer', stock)])],
    'dealer_inventory',
  ),
  'Warranty Claims': pipeline(
    [stage('s1', 'Join', [sql('join', 'Claims with vehicles', claims)])],
    'warranty_claims',
  ),
};

/** What the demo's merge request brings: two pipelines changed, one new. */
export const pipelinesAfter: Readonly<Record<string, DemoContent>> = {
  'Daily Sales': dailySales(dailySalesSql.replace('count(*) as units', 'count(distinct vin) as units')),
  'Vehicle Scores': vehicleScores(modelScore.replace('is not null', 'between 1 and 500000')),
  'Lead Funnel': pipeline([stage('s1', 'Funnel', [sql('funnel', 'Leads by step', funnel)])], 'lead_funnel'),
};
