//! Any steps in any order, judged against the rules as they are written down.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Happening, JobStep, MOST_UNFINISHED, take};
use crate::job::{Clip, ErrorCode, Job, JobError, JobInput, JobOutput, JobState, Source};
use crate::preset::{BuiltIn, BuiltInName, Preset};
use crate::transform::OnError;

const OUTPUTS: usize = 3;

fn job(on_error: &[bool]) -> Job {
    let clip = Clip {
        source: Source::Asset { name: "in".into() },
        files: Vec::new(),
        start: None,
        end: None,
        label: None,
    };
    let output = |goes_on: &bool| JobOutput {
        asset: "out".into(),
        label: "l".into(),
        preset: Preset::BuiltIn(BuiltIn { name: BuiltInName::AdaptiveStreaming, configurations: None }),
        overridden: false,
        on_error: if *goes_on { OnError::ContinueJob } else { OnError::StopProcessingJob },
        relative_priority: Default::default(),
        state: JobState::Queued,
        progress: 0,
        error: None,
        started: None,
        ended: None,
        announced: None,
    };
    Job {
        name: "j".into(),
        id: uuid::Uuid::nil(),
        created: Timestamp::default(),
        modified: Timestamp::default(),
        transform: "t".into(),
        state: JobState::Queued,
        description: None,
        priority: Default::default(),
        correlation_data: Default::default(),
        input: JobInput::Clip(clip),
        outputs: on_error.iter().map(output).collect(),
        started: None,
        ended: None,
    }
}

fn steps() -> impl Strategy<Value = JobStep> {
    let error = || JobError::new(ErrorCode::ServiceError, "it broke");
    // One output more than there are: a step of an output that does not exist.
    let output = 0..=OUTPUTS;
    prop_oneof![
        2 => Just(JobStep::Schedule),
        4 => Just(JobStep::Start),
        12 => (output.clone(), any::<u8>()).prop_map(|(output, percent)| JobStep::Progress { output, percent }),
        6 => output.clone().prop_map(|output| JobStep::FinishOutput { output }),
        2 => output.prop_map(move |output| JobStep::FailOutput { output, error: error() }),
        2 => Just(JobStep::End),
        1 => Just(JobStep::Fail { error: error() }),
        1 => Just(JobStep::Cancel),
        1 => Just(JobStep::Canceled),
    ]
}

/// The arrows of `ams-v3` §2, and those by which a job ends before it was begun.
fn may_follow(from: JobState, to: JobState) -> bool {
    use JobState::*;
    match from {
        Queued => matches!(to, Scheduled | Error | Canceling | Canceled),
        Scheduled => matches!(to, Processing | Error | Canceling | Canceled),
        Processing => matches!(to, Finished | Error | Canceling | Canceled),
        Canceling => to == Canceled,
        Finished | Error | Canceled => false,
    }
}

/// What subscribers believe, from events alone.
struct Believed {
    job: JobState,
    outputs: Vec<JobState>,
    told: Vec<u8>,
}

impl Believed {
    fn hear(&mut self, happening: &Happening) {
        match happening {
            Happening::Job { from, to } => {
                assert_eq!(*from, self.job);
                assert!(may_follow(*from, *to), "{from:?} {to:?}");
                assert!(
                    !to.is_final() || self.outputs.iter().all(|output| output.is_final()),
                    "outputs end first"
                );
                self.job = *to;
            }
            Happening::Output { output, from, to } => {
                assert_eq!(*from, self.outputs[*output]);
                assert!(may_follow(*from, *to), "{from:?} {to:?}");
                assert!(!self.job.is_final(), "nothing is told of an ended job");
                self.outputs[*output] = *to;
            }
            Happening::Progress { output, percent } => {
                assert!(*percent > self.told[*output], "progress is told when there is some");
                assert_eq!(self.outputs[*output], JobState::Processing);
                self.told[*output] = *percent;
            }
        }
    }
}

fn check_unchanging(before: &Job, after: &Job) {
    if before.state.is_final() {
        assert_eq!(before, after);
    }
    for (before, after) in before.outputs.iter().zip(&after.outputs) {
        assert!(after.progress >= before.progress);
        assert!(!before.state.is_final() || before == after, "a final output stays as it is");
    }
}

fn check_sound(job: &Job, now: Timestamp) {
    assert_eq!(job.state.is_final(), job.ended.is_some());
    for output in &job.outputs {
        assert_eq!(output.progress == 100, output.state == JobState::Finished);
        assert!(output.progress <= MOST_UNFINISHED || output.state == JobState::Finished);
        assert_eq!(output.error.is_some(), output.state == JobState::Error);
        assert_eq!(output.state.is_final(), output.ended.is_some());
        assert!(output.ended.is_none_or(|ended| ended <= now));
    }
    if job.state == JobState::Finished {
        let stops = |output: &&JobOutput| output.on_error == OnError::StopProcessingJob;
        assert!(job.outputs.iter().filter(stops).all(|output| output.state == JobState::Finished));
        assert!(job.outputs.iter().any(|output| output.state == JobState::Finished));
    }
}

proptest! {
    #[test]
    fn no_sequence_of_steps_breaks_a_rule(
        on_error in prop::collection::vec(any::<bool>(), OUTPUTS),
        steps in prop::collection::vec((steps(), 0_i64..20), 1..40),
    ) {
        let mut job = job(&on_error);
        let mut believed = Believed { job: job.state, outputs: vec![JobState::Queued; OUTPUTS], told: vec![0; OUTPUTS] };
        let mut now = Timestamp::default();
        for (step, seconds) in steps {
            now += SignedDuration::from_secs(seconds);
            let before = job.clone();
            match take(&mut job, &step, now) {
                Ok(happened) => happened.iter().for_each(|one| believed.hear(one)),
                Err(_) => prop_assert_eq!(&before, &job, "a refusal changes nothing"),
            }
            check_unchanging(&before, &job);
            check_sound(&job, now);
            prop_assert_eq!(believed.job, job.state);
            let states: Vec<_> = job.outputs.iter().map(|output| output.state).collect();
            prop_assert_eq!(&believed.outputs, &states);
            let repeated = job.clone();
            if take(&mut job, &step, now).is_ok() && !matches!(step, JobStep::Progress { .. }) {
                prop_assert_eq!(&repeated, &job, "a step that was taken changes nothing when it is repeated");
            }
            job = repeated;
        }
    }
}

#[test]
fn the_judge_can_say_no() {
    let hear = |happening: Happening| {
        let outcome = std::panic::catch_unwind(|| {
            let mut believed =
                Believed { job: JobState::Processing, outputs: vec![JobState::Processing], told: vec![50] };
            believed.hear(&happening);
        });
        outcome.is_ok()
    };
    let (from, to) = (JobState::Processing, JobState::Finished);
    assert!(hear(Happening::Output { output: 0, from, to }));
    assert!(!hear(Happening::Job { from, to }), "its output is at work");
    assert!(!hear(Happening::Output { output: 0, from, to: JobState::Queued }));
    assert!(!hear(Happening::Progress { output: 0, percent: 40 }));
}
