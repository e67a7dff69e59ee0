//! What may follow what: a job and a step give the job's next state and what happened on the way. No clock, no database.
//!
//! - A job goes Queued → Scheduled → Processing → Finished or Error; a request to cancel leads through Canceling to Canceled.
//! - Final states stay. A step that was taken before is no error (a worker that was restarted repeats itself) and changes
//!   nothing; a step against a cancelled or otherwise ended job is [`Refused`], which tells the worker to stop.
//! - Progress of an output only grows, stays below 100 until the output is finished, and is then 100.
//! - Outputs change before their job does.

use jiff::{SignedDuration, Timestamp};

use super::{Job, JobError, JobOutput, JobState};
use crate::transform::OnError;

/// Progress is announced when it grew by this much (per cent) ...
const ANNOUNCE_STEP: u8 = 5;
/// ... or when the last announcement is this old.
const ANNOUNCE_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// Progress of an output that is not finished.
const MOST_UNFINISHED: u8 = 99;

/// What a worker or a client does to a job.
#[derive(Debug, Clone, PartialEq)]
pub enum JobStep {
    /// A worker has taken it.
    Schedule,
    /// Processing begins.
    Start,
    /// So much of an output is done.
    Progress {
        /// Place in the job's outputs.
        output: usize,
        /// 0 to 100.
        percent: u8,
    },
    /// An output is complete.
    FinishOutput {
        /// Place in the job's outputs.
        output: usize,
    },
    /// An output failed.
    FailOutput {
        /// Place in the job's outputs.
        output: usize,
        /// Why.
        error: JobError,
    },
    /// The job ends as its outputs say.
    End,
    /// The job fails: every output that is not final fails with this.
    Fail {
        /// Why.
        error: JobError,
    },
    /// A client wants it to stop.
    Cancel,
    /// It stopped.
    Canceled,
}

/// What happened, in order; each is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The job went from one state to another.
    Job { from: JobState, to: JobState },
    /// An output did.
    Output { output: usize, from: JobState, to: JobState },
    /// An output's progress is worth telling.
    Progress { output: usize, percent: u8 },
}

/// The step does not fit the job's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The job is in this state.
    State(JobState),
    /// There is no such output.
    NoOutput,
    /// Outputs are still at work.
    Unfinished,
}

/// Takes `step`. On refusal the job is unchanged.
pub(crate) fn take(job: &mut Job, step: &JobStep, now: Timestamp) -> Result<Vec<Happening>, Refused> {
    let mut turn = Turn { job, now, happened: Vec::new() };
    turn.take(step)?;
    Ok(turn.happened)
}

struct Turn<'a> {
    job: &'a mut Job,
    now: Timestamp,
    happened: Vec<Happening>,
}

impl Turn<'_> {
    fn take(&mut self, step: &JobStep) -> Result<(), Refused> {
        let state = self.job.state;
        match step {
            JobStep::Cancel => self.cancel(state),
            JobStep::Canceled => self.canceled(state),
            JobStep::End if state == JobState::Finished || state == JobState::Error => Ok(()),
            JobStep::Fail { .. } if state == JobState::Error => Ok(()),
            _ if state.is_final() || state == JobState::Canceling => Err(Refused::State(state)),
            JobStep::Schedule => {
                self.advance(JobState::Scheduled);
                Ok(())
            }
            JobStep::Start => {
                self.advance(JobState::Scheduled);
                self.advance(JobState::Processing);
                Ok(())
            }
            JobStep::Progress { output, percent } => self.progress(*output, *percent),
            JobStep::FinishOutput { output } => self.end_output(*output, JobState::Finished, None),
            JobStep::FailOutput { output, error } => self.end_output(*output, JobState::Error, Some(error)),
            JobStep::End => self.end(),
            JobStep::Fail { error } => {
                self.end_all(JobState::Error, Some(error));
                self.set_job(JobState::Error);
                Ok(())
            }
        }
    }

    /// Moves job and outputs up to Scheduled or Processing, where they are not there yet.
    fn advance(&mut self, to: JobState) {
        for output in 0..self.job.outputs.len() {
            self.advance_output(output, to);
        }
        if rank(self.job.state) < rank(to) {
            self.set_job(to);
        }
    }

    fn advance_output(&mut self, output: usize, to: JobState) {
        if self.job.outputs.get(output).is_some_and(|found| rank(found.state) < rank(to)) {
            self.set_output(output, to);
        }
    }

    fn progress(&mut self, index: usize, percent: u8) -> Result<(), Refused> {
        self.begun(index)?;
        let now = self.now;
        let Some(output) = self.job.outputs.get_mut(index) else { return Err(Refused::NoOutput) };
        if output.state.is_final() {
            return Ok(());
        }
        output.progress = output.progress.max(percent.min(MOST_UNFINISHED));
        let told = match output.announced {
            None => output.progress >= ANNOUNCE_STEP,
            Some((told, at)) => {
                output.progress >= told.saturating_add(ANNOUNCE_STEP)
                    || (output.progress > told && now.duration_since(at) >= ANNOUNCE_AFTER)
            }
        };
        if told {
            output.announced = Some((output.progress, now));
            let percent = output.progress;
            self.happened.push(Happening::Progress { output: index, percent });
        }
        Ok(())
    }

    /// An output that is worked on is processed, and so is its job.
    fn begun(&mut self, output: usize) -> Result<(), Refused> {
        if output >= self.job.outputs.len() {
            return Err(Refused::NoOutput);
        }
        if rank(self.job.state) < rank(JobState::Processing) {
            self.advance(JobState::Scheduled);
            self.advance(JobState::Processing);
        }
        Ok(())
    }

    fn end_output(&mut self, index: usize, to: JobState, error: Option<&JobError>) -> Result<(), Refused> {
        let state = self.job.outputs.get(index).ok_or(Refused::NoOutput)?.state;
        if state == to {
            return Ok(());
        }
        if state.is_final() {
            return Err(Refused::State(state));
        }
        self.begun(index)?;
        self.close(index, to, error);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refused> {
        let failed = |output: &JobOutput| output.state == JobState::Error;
        let stopped = self
            .job
            .outputs
            .iter()
            .any(|output| failed(output) && output.on_error == OnError::StopProcessingJob);
        let open = self.job.outputs.iter().any(|output| !output.state.is_final());
        if open && !stopped {
            return Err(Refused::Unfinished);
        }
        self.end_all(JobState::Canceled, None);
        let some = self.job.outputs.iter().any(|output| output.state == JobState::Finished);
        self.set_job(if some && !stopped { JobState::Finished } else { JobState::Error });
        Ok(())
    }

    fn cancel(&mut self, state: JobState) -> Result<(), Refused> {
        if state == JobState::Canceling || state == JobState::Canceled {
            return Ok(());
        }
        if state.is_final() {
            return Err(Refused::State(state));
        }
        for output in 0..self.job.outputs.len() {
            if self.job.outputs.get(output).is_some_and(|found| !found.state.is_final()) {
                self.set_output(output, JobState::Canceling);
            }
        }
        self.set_job(JobState::Canceling);
        Ok(())
    }

    fn canceled(&mut self, state: JobState) -> Result<(), Refused> {
        if state == JobState::Canceled {
            return Ok(());
        }
        if state.is_final() {
            return Err(Refused::State(state));
        }
        self.cancel(state)?;
        self.end_all(JobState::Canceled, None);
        self.set_job(JobState::Canceled);
        Ok(())
    }

    fn end_all(&mut self, to: JobState, error: Option<&JobError>) {
        for index in 0..self.job.outputs.len() {
            if self.job.outputs.get(index).is_some_and(|output| !output.state.is_final()) {
                self.close(index, to, error);
            }
        }
    }

    fn close(&mut self, index: usize, to: JobState, error: Option<&JobError>) {
        self.set_output(index, to);
        if let Some(output) = self.job.outputs.get_mut(index) {
            output.error = error.cloned();
            if to == JobState::Finished {
                output.progress = 100;
            }
        }
    }

    fn set_job(&mut self, to: JobState) {
        let from = self.job.state;
        stamp(to, self.now, &mut self.job.started, &mut self.job.ended);
        self.job.state = to;
        self.happened.push(Happening::Job { from, to });
    }

    fn set_output(&mut self, index: usize, to: JobState) {
        let Some(output) = self.job.outputs.get_mut(index) else { return };
        let from = output.state;
        stamp(to, self.now, &mut output.started, &mut output.ended);
        output.state = to;
        self.happened.push(Happening::Output { output: index, from, to });
    }
}

fn stamp(to: JobState, now: Timestamp, started: &mut Option<Timestamp>, ended: &mut Option<Timestamp>) {
    if to == JobState::Processing {
        *started = started.or(Some(now));
    }
    if to.is_final() {
        *ended = Some(now);
    }
}

/// How far along a state is; what is asked to stop has left the way.
fn rank(state: JobState) -> u8 {
    match state {
        JobState::Queued => 0,
        JobState::Scheduled => 1,
        JobState::Processing => 2,
        JobState::Canceling | JobState::Finished | JobState::Error | JobState::Canceled => 3,
    }
}

#[cfg(test)]
mod tests;
