// The jobs that are under way, asked for once for the whole page: badges, progress bars and announcements follow this.

import { Observable } from './observe.js';
import { isFinal, progress, reason, unfinished } from './work.js';

const BUSY_MS = 2000;
const IDLE_MS = 15_000;

export class Activity extends Observable {
  /** @param {(text: string, kind?: string) => void} say announces what ended */
  constructor(api, say) {
    super();
    this.api = api;
    this.say = say;
    this.jobs = [];
    this.known = new Map();
    this.ended = 0;
  }

  start() {
    const round = async () => {
      if (!document.hidden) await this.look();
      this.timer = setTimeout(round, this.jobs.length ? BUSY_MS : IDLE_MS);
    };
    round();
    return () => clearTimeout(this.timer);
  }

  /** Looks now: something was just submitted. */
  async look() {
    try {
      const jobs = await unfinished(this.api);
      const present = new Set(jobs.map((job) => job.id));
      const gone = [...this.known.values()].filter((job) => !present.has(job.id));
      this.jobs = jobs;
      this.known = new Map(jobs.map((job) => [job.id, job]));
      await Promise.all(gone.map((job) => this.announce(job)));
      if (gone.length) this.ended += 1;
      this.changed();
    } catch {
      // The views say what is wrong when they ask for something themselves; this only looks again later.
    }
  }

  async announce({ transform, name }) {
    const job = await this.api.find(`transforms/${transform}/jobs/${name}`);
    if (!job || !isFinal(job.properties.state)) return;
    const { state, outputs } = job.properties;
    if (state === 'Finished') this.say(`“${name}” is encoded.`, 'good');
    else if (state === 'Canceled') this.say(`“${name}” was cancelled.`);
    else this.say(`“${name}” failed: ${outputs.map(reason).find(Boolean) ?? 'no reason was given.'}`, 'bad');
  }

  /** The unfinished job that writes to an asset, with its progress; or undefined. */
  of(asset) {
    const job = this.jobs.find(({ properties }) => properties.outputs.some((output) => output.assetName.toLowerCase() === asset.toLowerCase()));
    return job && { job, percent: progress(job) };
  }
}
