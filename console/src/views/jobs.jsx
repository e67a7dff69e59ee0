// Jobs of all transforms, newest first: how far they are, why they failed, and an end to them.

import { useState } from 'preact/hooks';
import { useApp, useEvery, useLoad, useTitle } from '../context.js';
import { ago, duration } from '../format.js';
import { useObservable } from '../observe.js';
import { link, useRoute } from '../route.js';
import { Icon } from '../ui/icons.jsx';
import { Confirm, Empty, Problem, Progress, Segments, State } from '../ui/parts.jsx';
import { isFinal, jobs, reason } from '../work.js';

const FILTERS = [
  { id: 'all', title: 'All' },
  { id: 'open', title: 'Under way', keep: (state) => !isFinal(state) },
  { id: 'Error', title: 'Failed', keep: (state) => state === 'Error' },
];
const BUSY_MS = 2000;
const IDLE_MS = 10_000;

export function Jobs() {
  const { api, activity } = useApp();
  useObservable(activity);
  const [, transform, name] = useRoute();
  const heading = useTitle('Jobs');
  const [filter, setFilter] = useState('all');
  const { value, error, again } = useLoad(() => jobs(api), []);
  const busy = value?.some(({ properties }) => !isFinal(properties.state));
  useEvery(busy || activity.jobs.length ? BUSY_MS : IDLE_MS, again);
  const { keep } = FILTERS.find(({ id }) => id === filter);
  const shown = (value ?? []).filter(({ properties }) => !keep || keep(properties.state));
  return (
    <>
      <div class="head">
        <h1 ref={heading} tabIndex={-1}>Jobs</h1>
        <Segments label="Show" name="filter" options={FILTERS} value={filter} onChange={setFilter} />
      </div>
      <Problem error={error} again={again} />
      {value && shown.length === 0 && <Empty icon="jobs" title={filter === 'all' ? 'No jobs yet' : 'None of these'}><p>A job appears here when a title is uploaded with a transform, or encoded from its page.</p></Empty>}
      <ul class="rows">
        {shown.map((job) => <Job key={job.id} job={job} again={again} marked={job.transform === transform && job.name === name} />)}
      </ul>
    </>
  );
}

function Job({ job, again, marked }) {
  const { api, say } = useApp();
  const [asking, setAsking] = useState(null);
  const { state, outputs, input, created, startTime, endTime } = job.properties;
  const path = `transforms/${job.transform}/jobs/${job.name}`;
  const close = () => setAsking(null);
  const cancel = async () => {
    await api.post(`${path}/cancelJob`);
    say('The job is being cancelled.');
    again();
  };
  const remove = async () => {
    await api.delete(path);
    again();
  };
  const took = startTime ? (Date.parse(endTime ?? new Date().toISOString()) - Date.parse(startTime)) / 1000 : NaN;
  return (
    <li class={`card job ${marked ? 'marked' : ''}`} data-job={job.name} data-state={state}>
      <div class="line">
        <span class="ellipsis"><State state={state} /> <b>{job.name}</b></span>
        <span class="acts">
          {!isFinal(state) && state !== 'Canceling' && <button class="button small" onClick={() => setAsking('cancel')}>Cancel…</button>}
          {isFinal(state) && <button class="button quiet small" aria-label={`Delete the job ${job.name}`} title="Delete the job" onClick={() => setAsking('delete')}><Icon name="bin" /></button>}
        </span>
      </div>
      <p class="soft">{job.transform} · {source(input)} · {ago(created, Date.now())}{startTime && ` · ${isFinal(state) ? 'took' : 'for'} ${duration(took)}`}</p>
      {outputs.map((output, index) => (
        <div key={index} class="output">
          <a class="ellipsis" href={link('assets', output.assetName)}>{output.assetName}</a>
          <Progress value={output.progress ?? 0} label={`Progress of ${output.assetName}`} />
          <span class="percent">{output.progress ?? 0} %</span>
          {output.error && <Failure output={output} />}
        </div>
      ))}
      {asking === 'cancel' && <Confirm title={`Cancel “${job.name}”?`} verb="Cancel the job" act={cancel} onClose={close}><p>What is encoded so far stays in the output asset.</p></Confirm>}
      {asking === 'delete' && <Confirm title={`Delete the job “${job.name}”?`} verb="Delete" act={remove} onClose={close}><p>Only the record of the job is deleted; its assets stay.</p></Confirm>}
    </li>
  );
}

function Failure({ output }) {
  const { code, retry } = output.error;
  return (
    <p class="problem">
      <Icon name="warning" />
      <span>{reason(output)} <small class="soft">{code}{retry === 'MayRetry' ? '; trying again may help' : ''}</small></span>
    </p>
  );
}

function source(input) {
  const clip = input.inputs?.[0] ?? input;
  const name = clip.assetName ?? clip.files?.[0] ?? clip.baseUri ?? 'an input';
  return input.inputs?.length > 1 ? `${name} and ${input.inputs.length - 1} more` : name;
}
