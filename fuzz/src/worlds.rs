//! Whole stacks in a simulated world, where every choice is the fuzzer's.

use tidings::EXPERIMENTS;
use tidings_sim::Bytes;

/// Bytes beyond this are ignored, so that one run stays short.
const CHOICES: usize = 4_096;

/// One run of the experiment that the first byte names: whatever the network and the processes do, the promises are kept.
pub(crate) fn world(bytes: &[u8]) {
    let Some((which, choices)) = bytes.split_first() else { return };
    let experiment = &EXPERIMENTS[usize::from(*which) % EXPERIMENTS.len()];
    let mut chooser = Bytes::new(&choices[..choices.len().min(CHOICES)]);
    let scenario = experiment.draw(&mut chooser);
    let run = experiment.run(&scenario, &mut chooser);
    if let Some(failure) = experiment.judge(&run).first() {
        panic!("{}: {}", experiment.name, failure.show(&run.trace));
    }
}
